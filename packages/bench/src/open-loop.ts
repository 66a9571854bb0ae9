import { setTimeout as pause } from 'node:timers/promises'
import type { Loop } from './closed-loop.js'
import { OperationFailed } from './system.js'

/** Milliseconds that a timer may be late by itself: they are nobody's slowness. */
const LATE = 1

/**
 * An open loop: operations begin at a steady rate, however those before them fare; so what holds one up shows in all that come meanwhile.
 *
 * @param operation tells when what was waited for had come, by `performance.now()`
 * @throws Error when an operation fails otherwise than by coming to nothing, after all have ended
 */
export async function openLoop(perSecond: number, seconds: number, operation: () => Promise<number>): Promise<Loop> {
  const latencies: number[] = []
  let failed = 0
  const begin = async (planned: number) => {
    const begun = Math.min(performance.now(), planned + LATE)
    try {
      latencies.push((await operation()) - begun)
    } catch (error) {
      if (!(error instanceof OperationFailed)) throw error
      failed++
    }
  }
  const start = performance.now()
  const operations: Promise<void>[] = []
  const all = Math.round(perSecond * seconds)
  while (operations.length < all) {
    const now = performance.now()
    const due = Math.min(all, Math.floor(((now - start) * perSecond) / 1_000) + 1)
    while (operations.length < due) {
      const begun = begin(start + (operations.length * 1_000) / perSecond)
      begun.catch(() => 'told at the end')
      operations.push(begun)
    }
    const next = start + (operations.length * 1_000) / perSecond
    await pause(Math.max(0, next - performance.now()))
  }
  const failure = (await Promise.allSettled(operations)).find((result) => result.status === 'rejected')
  if (failure) throw failure.reason
  const elapsed = (performance.now() - start) / 1_000
  return {
    latencies: Float64Array.from(latencies),
    operationsPerSecond: latencies.length / elapsed,
    failuresPerSecond: failed / elapsed,
  }
}
