import { TestProcess, type TestProcessOptions } from './test-process.js'

/**
 * Starts a script as a process of its own.
 *
 * @param script the path of a module that Node.js can run as it is.
 */
export type StartProcess = <Message = unknown>(
  script: string,
  parameters?: readonly (string | number)[],
  options?: TestProcessOptions<Message>,
) => TestProcess<Message>

const running = new Set<TestProcess>()

/**
 * Gives the tests of a `describe` processes of their own.
 *
 * What still runs after each test gets a kill -9, however the test went; `'all'` lets processes live on from test to test. A test fails
 * when one of its processes failed by itself, and says what that one printed. Call it before hooks that take away what the processes use.
 */
export function testProcesses(after: 'each' | 'all' = 'each'): StartProcess {
  const own = new Set<TestProcess>()
  async function endAll() {
    const failures = [...own].flatMap(({ failure }) => failure ?? [])
    // The end of one may be what the next was waiting for to begin.
    for (const started of own) {
      await started.kill()
      running.delete(started)
    }
    own.clear()
    if (failures.length > 0) throw new Error(failures.join('\n'))
  }
  if (after === 'each') afterEach(endAll)
  else afterAll(endAll)
  return (script, parameters = [], options = {}) => {
    const started = new TestProcess(script, parameters, options)
    own.add(started as TestProcess)
    running.add(started as TestProcess)
    return started
  }
}

/** Why waiting for anything is in vain: what processes failed of by themselves. */
export function failureOfProcesses(): string | undefined {
  return [...running].map(({ failure }) => failure).find((failure) => failure !== undefined)
}

/** What the processes of the test complain of. */
export function complaintsOfProcesses(): readonly string[] {
  return [...running].flatMap(({ report }) => report ?? [])
}
