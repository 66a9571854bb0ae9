import { setTimeout as realTime } from 'node:timers/promises'
import type { Runtime } from '@writ/event-store'
import { TimeStandsStillError } from '../errors.js'

/** A time that passes only when the test says so. */
export interface VirtualClock extends Pick<Runtime, 'now' | 'monotonic' | 'sleep'> {
  /**
   * Lets so many milliseconds pass: whoever sleeps wakes at its time, in order, and what follows from that happens before time goes on.
   *
   * @throws TimeStandsStillError when something holds the time for ten seconds of real time
   */
  advance(milliseconds: number): Promise<void>
  /** The same up to a moment, which must not lie in the past. */
  advanceTo(moment: Moment): Promise<void>
  /**
   * Lets so many milliseconds pass in one go, as for a process that was frozen: whoever should have woken meanwhile wakes once, late. So a
   * month takes no longer than a second, whatever is polled every second.
   */
  skip(milliseconds: number): Promise<void>
  /**
   * Holds the time while something is under way that really takes time, such as an answer of a server: whoever advances the clock waits
   * for it first. `testStore` does so for the store.
   */
  during<T>(work: Promise<T>): Promise<T>
}

/** A date, its ISO text, or milliseconds since 1970. */
export type Moment = Date | string | number

interface Sleeper {
  readonly until: number
  wake(): void
}

const BEGINNING = '2026-01-01T00:00:00Z'
/** Real milliseconds that the time may be held. */
const PATIENCE = 10_000

/** @param start when it is at first: the beginning of 2026 by default */
export function virtualClock({ now: start = BEGINNING }: { readonly now?: Moment } = {}): VirtualClock {
  const first = milliseconds(start)
  let time = 0
  let moving: Promise<void> = Promise.resolve()
  // In the order of their times; those of one time in the order in which they fell asleep.
  const sleepers: Sleeper[] = []
  const held = new Set<Promise<unknown>>()

  const sleep = (duration: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal?.aborted) return resolve()
      const sleeper: Sleeper = {
        until: time + Math.max(0, duration),
        wake() {
          const index = sleepers.indexOf(sleeper)
          if (index >= 0) sleepers.splice(index, 1)
          signal?.removeEventListener('abort', sleeper.wake)
          resolve()
        },
      }
      signal?.addEventListener('abort', sleeper.wake)
      const before = sleepers.findLastIndex(({ until }) => until <= sleeper.until)
      sleepers.splice(before + 1, 0, sleeper)
    })

  const during = <T>(work: Promise<T>): Promise<T> => {
    held.add(work)
    const release = () => void held.delete(work)
    work.then(release, release)
    return work
  }

  /** Everything happens that needs no time; and what really takes time is waited for. */
  const settle = async () => {
    let since: number | undefined
    for (let quiet = 0; quiet < 2; ) {
      await new Promise((resolve) => setImmediate(resolve))
      quiet = held.size === 0 ? quiet + 1 : 0
      if (held.size === 0) continue
      since ??= performance.now()
      const left = since + PATIENCE - performance.now()
      if (left <= 0) throw new TimeStandsStillError(held.size, PATIENCE)
      const timer = new AbortController()
      const late = realTime(left, undefined, { signal: timer.signal }).catch(() => 'it was over in time')
      await Promise.race([Promise.allSettled(held), late])
      timer.abort()
    }
  }

  const move = async (end: number, inOneGo: boolean) => {
    await settle()
    if (inOneGo) time = Math.max(time, end)
    for (let next = sleepers[0]; next !== undefined && next.until <= end; next = sleepers[0]) {
      time = Math.max(time, next.until)
      next.wake()
      await settle()
    }
    time = Math.max(time, end)
  }

  /** One after the other, when a test does not wait for the first. */
  const moveTo = (end: () => number, inOneGo = false) => {
    const moved = moving.then(() => move(end(), inOneGo))
    moving = moved.catch(() => {})
    return moved
  }

  return {
    now: () => first + time,
    monotonic: () => time,
    sleep,
    during,
    advance: (by) => {
      checkForwards(by)
      return moveTo(() => time + by)
    },
    skip: (by) => {
      checkForwards(by)
      return moveTo(() => time + by, true)
    },
    advanceTo: (moment) => {
      const end = milliseconds(moment) - first
      if (!(end >= time)) {
        throw new RangeError(`The clock is past ${new Date(first + end).toISOString()} already: it never runs backwards.`)
      }
      return moveTo(() => end)
    },
  }
}

function checkForwards(by: number): void {
  if (!(by >= 0)) throw new RangeError(`Time can't pass by ${by} milliseconds: it never runs backwards.`)
}

function milliseconds(moment: Moment): number {
  const time = new Date(moment).getTime()
  if (Number.isNaN(time)) throw new RangeError(`'${String(moment)}' is no moment: give a Date, its ISO text, or milliseconds.`)
  return time
}
