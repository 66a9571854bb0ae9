import { setTimeout as timeout } from 'node:timers/promises'
import { timeOrderedUuid } from './time-ordered-uuid.js'

/**
 * Time, waiting, chance and ids: all that the core takes from the outside world, so that tests and simulations can own them.
 */
export interface Runtime {
  /** Milliseconds since 1970, by this process's clock: for people to read, never to decide an order by. */
  now(): number
  /** Milliseconds from an arbitrary start; never runs backwards. For deadlines and durations. */
  monotonic(): number
  /** Waits for so many milliseconds; ends early, without an error, when the signal aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
  /** A number from 0 up to, and without, 1. */
  random(): number
  /** A new UUID, version 7: ids made later sort later, which indexes love. */
  uuid(): string
}

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(milliseconds, signal) {
    try {
      await timeout(milliseconds, undefined, signal ? { signal } : {})
    } catch (error) {
      if (!signal?.aborted) throw error
    }
  },
  random: () => Math.random(),
  uuid: () => timeOrderedUuid(Date.now()),
}
