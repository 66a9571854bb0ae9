import { OperationFailed } from './system.js'

/** What callers did in one stretch of time. */
export interface Loop {
  /** Milliseconds of each operation that had its effect, those included that ended after the time was up. */
  readonly latencies: Float64Array
  readonly operationsPerSecond: number
  /** Operations that came to nothing. */
  readonly failuresPerSecond: number
  /** What processes besides this one spent on it: CPU in microseconds, and statements. */
  readonly elsewhere?: { readonly cpu: number; readonly statements: number }
  /** When each append had its answer, where somebody wants to know. */
  readonly acknowledged?: readonly Acknowledged[]
}

export interface Acknowledged {
  readonly position: number
  /** Milliseconds, by the clock that all processes of a machine share. */
  readonly at: number
}

/**
 * A closed loop: each caller starts its next operation when the one before has ended, until the time is up.
 *
 * Operations under way at that moment are waited for. They count for the latencies, not for the rate; a single caller's last one
 * counts for both, with the time that it took beyond, for a few long operations would else make steps of the rate.
 *
 * @throws Error when an operation fails, after those under way have ended
 */
export async function closedLoop(operation: (caller: number) => Promise<void>, callers: number, seconds: number): Promise<Loop> {
  const latencies: number[] = []
  const start = performance.now()
  const end = start + seconds * 1_000
  let completed = 0
  let failed = 0
  let isBroken = false
  const call = async (caller: number) => {
    for (let now = performance.now(); now < end && !isBroken; ) {
      let succeeded = true
      try {
        await operation(caller)
      } catch (error) {
        if (!(error instanceof OperationFailed)) {
          isBroken = true
          throw error
        }
        succeeded = false
      }
      const done = performance.now()
      if (succeeded) latencies.push(done - now)
      if (done <= end || callers === 1) succeeded ? completed++ : failed++
      now = done
    }
  }
  const calls = Array.from({ length: callers }, (_, caller) => call(caller))
  // All of them are waited for, so that nobody uses a connection any more when the error is told.
  const failure = (await Promise.allSettled(calls)).find((result) => result.status === 'rejected')
  if (failure) throw failure.reason
  const counted = callers === 1 ? (performance.now() - start) / 1_000 : seconds
  return {
    latencies: Float64Array.from(latencies),
    operationsPerSecond: completed / counted,
    failuresPerSecond: failed / counted,
  }
}
