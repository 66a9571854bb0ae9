/** Waits for a condition; the message of a failure is what the condition was called. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, milliseconds = 30_000): Promise<void> {
  const deadline = performance.now() + milliseconds
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`It did not come to be that ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
