import type { Runtime } from '@writ/event-store'
import type { Halt } from './halt.js'
import { Interruption } from './interruption.js'

/**
 * Carries out work while some runs stand still; they go on when it has ended, however it ends.
 *
 * @returns undefined where they did not come to stand still within so many milliseconds, or had to end meanwhile
 * @throws what the work throws
 */
export async function whileHalted<T>(
  runtime: Runtime,
  runs: readonly { halt(): Promise<Halt> }[],
  work: (halts: readonly Halt[]) => Promise<T>,
  timeout: number,
): Promise<T | undefined> {
  const halting = runs.map((run) => run.halt())
  try {
    const halts = await inTime(runtime, Promise.all(halting), timeout)
    return halts && (await work(halts))
  } catch (error) {
    if (Interruption.is(error)) return undefined
    throw error
  } finally {
    // One that comes to it later goes on at once.
    for (const halt of halting) {
      halt.then(
        (one) => one.letGo(),
        () => 'its run is over',
      )
    }
  }
}

/** What is promised, or undefined when it takes more than so many milliseconds: then nobody waits for it any more. */
export async function inTime<T>(runtime: Runtime, promised: Promise<T>, milliseconds: number): Promise<T | undefined> {
  const waiting = new AbortController()
  try {
    return await Promise.race([promised, runtime.sleep(milliseconds, waiting.signal).then(() => undefined)])
  } finally {
    waiting.abort()
  }
}
