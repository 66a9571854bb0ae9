import {
  type FailedAttempt,
  InvalidOptionError,
  isError,
  type RecordedEvent,
  type Runtime,
  refuseUnknownOptions,
} from '@writ/event-store'

/** One failure of a handler. A store that is away is none: it is waited for, and no policy is asked. */
export interface Failure {
  readonly error: unknown
  readonly event: RecordedEvent
  /** How many times the handler has failed on this event, this one included: from 1. Those before it was put aside count, too: the last 100. */
  readonly attempt: number
  /** What went wrong when: the failed attempts, oldest first, this one included; the last 100 of them. */
  readonly history: readonly FailedAttempt[]
  readonly subscription: string
}

/**
 * What follows from a failure.
 *
 * - `'stop'`: nothing more is handled until a restart.
 * - `'skip'`: this event is passed over, logged and counted.
 * - `'park'`: it is put aside until someone decides; later events of its sequence wait behind it, all others go on.
 * - `{ retryIn }`: it is tried again after so many milliseconds, and what comes after it waits.
 * - `{ retryLater }`: it is put aside and tried again after so many milliseconds; only its sequence waits, also over a restart.
 */
export type Verdict = 'stop' | 'skip' | 'park' | { readonly retryIn: number } | { readonly retryLater: number }

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

/** Retries with growing waits, then puts the event aside: later events of its sequence wait, all others go on. */
export const retryThenPark = (options: RetryOptions = {}): ErrorPolicy => retryThen('park', options)

/**
 * Puts the event aside at the first failure and tries it again after each of the delays, about; then leaves it parked until someone decides.
 *
 * @param options.delays milliseconds from one attempt to the next
 * @throws InvalidOptionError
 * @example retryLaterThenPark({ delays: [1_000, 60_000, 3_600_000] })
 */
export const retryLaterThenPark = (options: { readonly delays: readonly number[] }): ErrorPolicy => {
  refuseUnknownOptions('retryLaterThenPark', options, ['delays'])
  const { delays } = options
  if (!Array.isArray(delays) || !delays.every((delay) => delay >= 0))
    throw new InvalidOptionError('retryLaterThenPark', 'delays', 'must be a list of milliseconds from 0')
  return ({ attempt }, runtime) => {
    const delay = delays[attempt - 1]
    return delay === undefined ? 'park' : { retryLater: spread(delay, runtime) }
  }
}

/** Stops at the first failure. */
export const stopAtOnce: ErrorPolicy = () => 'stop'

/** Passes over whatever fails. */
export const skipAtOnce: ErrorPolicy = () => 'skip'

/** Puts aside whatever fails. */
export const parkAtOnce: ErrorPolicy = () => 'park'

/** A class of errors, and the policy for them. */
export type PolicyForError = readonly [errorClass: abstract new (...args: never[]) => Error, policy: ErrorPolicy]

/**
 * The first policy whose class the error belongs to.
 *
 * @param otherwise for all other errors; `retryThenStop()` by default
 * @example byError([[MailboxFull, retryLaterThenPark({ delays: [60_000] })], [NoSuchMailbox, skipAtOnce]], retryThenPark())
 */
export const byError =
  (policies: readonly PolicyForError[], otherwise: ErrorPolicy = retryThenStop()): ErrorPolicy =>
  (failure, runtime) => {
    const [, policy = otherwise] =
      policies.find(([errorClass]) => isError(failure.error) && failure.error instanceof errorClass) ?? []
    return policy(failure, runtime)
  }

/** @throws InvalidOptionError */
function retryThen(last: 'stop' | 'skip' | 'park', options: RetryOptions): ErrorPolicy {
  const subject = `retryThen${last[0]!.toUpperCase()}${last.slice(1)}`
  refuseUnknownOptions(subject, options, ['attempts', 'firstDelay', 'longestDelay'])
  const { attempts = 8, firstDelay = 100, longestDelay = 10_000 } = options
  if (!(attempts >= 1)) throw new InvalidOptionError(subject, 'attempts', 'must be a number from 1')
  for (const [option, delay] of Object.entries({ firstDelay, longestDelay })) {
    if (!(delay >= 0)) throw new InvalidOptionError(subject, option, 'must be milliseconds from 0')
  }
  return ({ attempt }, runtime) =>
    attempt >= attempts ? last : { retryIn: backOff(attempt, { first: firstDelay, longest: longestDelay }, runtime) }
}

/** Doubles from attempt to attempt. */
export function backOff(attempt: number, { first, longest }: { first: number; longest: number }, runtime: Runtime): number {
  return spread(Math.min(longest, first * 2 ** Math.min(attempt - 1, 30)), runtime)
}

/** From half to the whole, so that those who failed together don't come back together. */
function spread(delay: number, runtime: Runtime): number {
  return delay * (0.5 + runtime.random() / 2)
}
