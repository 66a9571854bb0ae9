import { complaintsOfProcesses, failureOfProcesses } from './test-processes.js'

/**
 * Waits for a condition, which is asked again and again.
 *
 * @param what what the condition is called in the message of a failure: "It did not come to be that …".
 * @throws Error after `milliseconds`, and at once when a process of the test has failed; it says what the processes complain of.
 */
export async function until(what: string, condition: () => boolean | Promise<boolean>, milliseconds = 30_000): Promise<void> {
  const deadline = performance.now() + milliseconds
  while (!(await condition())) {
    const failure = failureOfProcesses()
    if (failure !== undefined) throw new Error(`It did not come to be that ${what}: ${failure}`)
    if (performance.now() > deadline)
      throw new Error([`It did not come to be that ${what}.`, ...complaintsOfProcesses()].join('\n'))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
