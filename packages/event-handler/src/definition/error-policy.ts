import type { RecordedEvent, Runtime } from '@writ/event-store'

/** One failure of a handler. A store that is away is none: it is waited for, and no policy is asked. */
export interface Failure {
  readonly error: unknown
  readonly event: RecordedEvent
  /** How many times the handler has failed on this event, this one included: from 1. */
  readonly attempt: number
  readonly subscription: string
}

/** `stop`: nothing more is handled until a restart. `skip`: this event is passed over, logged and counted. */
export type Verdict = 'stop' | 'skip' | { readonly retryIn: number }

/** Says what follows from a failure; asked once for each. */
export type ErrorPolicy = (failure: Failure, runtime: Runtime) => Verdict

export interface RetryOptions {
  /** How many times the handler is tried in all: 8 by default. */
  readonly attempts?: number
  /** Milliseconds before the second attempt, about: 100 by default. The wait doubles from attempt to attempt. */
  readonly firstDelay?: number
  /** Milliseconds that no wait exceeds: 10,000 by default. */
  readonly longestDelay?: number
}

/** Retries with growing waits, then stops loudly. With its defaults, what happens when nothing else is said. */
export const retryThenStop = (options: RetryOptions = {}): ErrorPolicy => retryThen('stop', options)

/** Retries with growing waits, then passes the event over. */
export const retryThenSkip = (options: RetryOptions = {}): ErrorPolicy => retryThen('skip', options)

/** Stops at the first failure. */
export const stopAtOnce: ErrorPolicy = () => 'stop'

/** Passes over whatever fails. */
export const skipAtOnce: ErrorPolicy = () => 'skip'

function retryThen(last: 'stop' | 'skip', { attempts = 8, firstDelay = 100, longestDelay = 10_000 }: RetryOptions): ErrorPolicy {
  return ({ attempt }, runtime) =>
    attempt >= attempts ? last : { retryIn: backOff(attempt, { first: firstDelay, longest: longestDelay }, runtime) }
}

/** Doubles from attempt to attempt; spread from half to the whole, so that those who failed together don't come back together. */
export function backOff(attempt: number, { first, longest }: { first: number; longest: number }, runtime: Runtime): number {
  const delay = Math.min(longest, first * 2 ** Math.min(attempt - 1, 30))
  return delay * (0.5 + runtime.random() / 2)
}
