import type { ExpectedVersion } from '../store/expected-version.js'
import type { Receipt } from '../store/receipts.js'
import type { StoredEvent } from '../store/stored-event.js'
import { thrownCode, thrownMessage } from './thrown.js'
import { WritError } from './writ-error.js'

/** A stream was not at the version that a decision was made on: another writer was first. Nothing was written. */
export class WrongExpectedVersionError extends WritError<'wrong-expected-version'> {
  constructor(
    readonly stream: string,
    readonly expectedVersion: ExpectedVersion,
    /** The stream's version; 0 where it is absent. */
    readonly actualVersion: number,
    /** The events beyond a numeric expected version, in order; undefined where there are more than 100 of them, or some are not to be read any more: read the stream. */
    readonly missed: readonly StoredEvent[] | undefined,
  ) {
    super('wrong-expected-version', `The stream '${stream}' ${whatWasExpected(expectedVersion, actualVersion)}.`)
  }
}

function whatWasExpected(expected: ExpectedVersion, actual: number): string {
  if (expected === 'stream-exists')
    return "was expected to exist, and has no events. Nothing was written; check its name, or expect 'no-stream' or 'any'"
  if (typeof expected === 'number' && expected > actual)
    return `was expected at version ${expected} and has come to ${actual} only. Nothing was written; expect the version that was read`
  const place = expected === 'no-stream' ? 'to be new' : `at version ${expected}`
  return `was expected ${place} and is at ${actual}: another writer was first. Nothing was written; take over what was missed and decide again`
}

/** An event that a boundary's decision did not know matches its query. Nothing was written. */
export class AppendConditionFailedError extends WritError<'append-condition-failed'> {
  constructor(
    readonly stream: string,
    /** The position of an event that matches. */
    readonly position: number,
  ) {
    super(
      'append-condition-failed',
      `The append to '${stream}' was refused: the event at position ${position} matches the condition. Nothing was written; load the boundary again and decide again.`,
    )
  }
}

/** An event id is in use for other content. Nothing was written. */
export class EventIdConflictError extends WritError<'event-id-conflict'> {
  constructor(
    readonly stream: string,
    readonly eventId: string,
  ) {
    super(
      'event-id-conflict',
      `The event id ${eventId}, given in an append to '${stream}', is in use for an event of other content or another append. Nothing was written; give each event an id of its own.`,
    )
  }
}

/** A command with a given id has been handled before; the receipt says what it came to. Nothing was written. */
export class CommandAlreadyHandledError extends WritError<'command-already-handled'> {
  constructor(readonly receipt: Receipt) {
    super('command-already-handled', `The command '${receipt.commandId}' has been handled before; its receipt answers.`)
  }
}

/** More appends are waiting than the store takes. Nothing was written. */
export class StoreOverloadedError extends WritError<'overloaded'> {
  constructor(
    readonly waiting: number,
    readonly limit: number,
  ) {
    super(
      'overloaded',
      `${waiting} appends are waiting, and the store takes ${limit}. Nothing was written; try again in a moment.`,
    )
  }
}

/** The store can't be reached. */
export class StoreUnavailableError extends WritError<'store-unavailable'> {
  constructor(
    readonly adapter: string,
    readonly operation: string,
    /** Whether what was asked may have been stored all the same; false: it certainly was not. */
    readonly mayBeCommitted: boolean,
    cause: unknown,
  ) {
    super(
      'store-unavailable',
      `The ${adapter} store could not be reached (${operation})${reasonOf(cause)}. ` +
        (mayBeCommitted
          ? 'What was asked may have been stored: repeat it with the same ids, and it takes effect once.'
          : 'Nothing was written; try again.'),
      { cause },
    )
  }
}

// What the operating system or the driver says. An error of Writ's own says what was written and what to do as well: it stays the cause.
function reasonOf(cause: unknown): string {
  if (cause === undefined || cause instanceof WritError) return ''
  // Where a host has several addresses, the error for all of them has a code and no message.
  const reason = thrownMessage(cause) || thrownCode(cause)
  return reason ? `: ${reason.replace(/\.$/, '')}` : ''
}

/** The store has not been started, or was stopped. Nothing was written. */
export class StoreNotRunningError extends WritError<'store-not-running'> {
  constructor(
    readonly adapter: string,
    readonly operation: string,
  ) {
    super('store-not-running', `The ${adapter} store is not running (${operation}). Call start() first, and stop() last.`)
  }
}

/** The options of a read are malformed. */
export class InvalidReadError extends WritError<'invalid-read'> {
  constructor(
    readonly option: string,
    readonly why: string,
  ) {
    super('invalid-read', `The read option '${option}' is refused: ${why}.`)
  }
}

/** Something was asked that this adapter can't do. */
export class CapabilityMissingError extends WritError<'capability-missing'> {
  constructor(
    readonly adapter: string,
    readonly capability: string,
    remedy: string,
  ) {
    super('capability-missing', `The ${adapter} store has no ${capability}. ${remedy}`)
  }
}
