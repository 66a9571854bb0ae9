import {
  AppendConditionFailedError,
  CommandAlreadyHandledError,
  deletionOf,
  EventIdConflictError,
  type ExpectedVersion,
  StreamDeletedError,
  TOMBSTONE_TYPE,
  WrongExpectedVersionError,
} from '@writ/event-store'
import { UnsuitableTransactionError } from '../errors.js'
import { ANY_VERSION, STREAM_EXISTS, Verdict } from '../schema/append-functions.js'
import { SqlState, Unsuitable } from '../schema/staging.js'

/** Why staged appends were refused. */
export interface Refused {
  /** Which of those that were staged together, from 0. */
  readonly append: number
  readonly verdict: (typeof Verdict)[keyof typeof Verdict]
  /** Wrong version: the actual one. Id conflict: which event, from 1. Handled: which of the append's receipts, from 0. */
  readonly detail: number
  /** Condition failed: the position of a match. */
  readonly position: number
  readonly stream: string
  /** As the append functions number it. */
  readonly expected: number
  /** The event whose id is in use. */
  readonly event: string | null
  readonly receipt: StoredReceipt | null
  /** Of a deleted stream. */
  readonly tombstone: StoredTombstone | null
}

interface StoredTombstone {
  readonly data: string
  readonly metadata: string
  readonly position: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

interface StoredReceipt {
  readonly commandId: string
  readonly stream: string
  readonly version: number
  readonly position: number
  readonly body: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** What staged appends came to that are stored already. */
export interface Repeated {
  readonly stream: string
  readonly event: string
  /** One for each stream. */
  readonly versions: readonly number[]
  readonly positions: readonly number[]
}

/**
 * What a failed COMMIT of a transaction with staged appends means: a driver's error that says why the store refused them → the error
 * that `append` throws for it. Any other error comes back as it is.
 *
 * A WrongExpectedVersionError does not carry the events that were missed: read the stream. Appends that are all stored already are an
 * EventIdConflictError: the transaction was committed before, and what it did besides must not happen twice.
 *
 * @example try { await client.query('commit') } catch (error) { throw refusalOfCommit(error) }
 */
export function refusalOfCommit(error: unknown): unknown {
  const refused = refusedOf(error)
  if (refused) return refusal(refused)
  const repeated = repeatedOf(error)
  if (repeated) return new EventIdConflictError(repeated.stream, repeated.event)
  return error
}

export function refusedOf(error: unknown): Refused | undefined {
  return detailOf<Refused>(error, SqlState.refused)
}

export function repeatedOf(error: unknown): Repeated | undefined {
  return detailOf<Repeated>(error, SqlState.repeated)
}

/** Undefined for any other error. */
export function unsuitableOf(error: unknown, operation: string): UnsuitableTransactionError | undefined {
  const { code, detail } = facts(error)
  // No transaction block (25P01), a failed one (25P02).
  if (code === '25P01') {
    return new UnsuitableTransactionError(operation, 'the client is in no transaction; BEGIN one on this very client', error)
  }
  if (code === '25P02') {
    return new UnsuitableTransactionError(operation, 'a statement of the transaction has failed before; roll it back', error)
  }
  if (code !== SqlState.unsuitable) return undefined
  return detail === Unsuitable.isolation
    ? new UnsuitableTransactionError(operation, 'the transaction is not READ COMMITTED; begin it so', error)
    : new UnsuitableTransactionError(operation, 'the work has ended the transaction by itself; leave that to the store', error)
}

function refusal({ verdict, detail, position, stream, expected, event, receipt, tombstone }: Refused): Error {
  switch (verdict) {
    case Verdict.wrongVersion:
      return new WrongExpectedVersionError(stream, expectedVersionOf(expected), detail, undefined)
    case Verdict.conditionFailed:
      return new AppendConditionFailedError(stream, position)
    case Verdict.alreadyHandled:
      return new CommandAlreadyHandledError({ ...receipt!, createdAt: new Date(receipt!.createdAt) })
    case Verdict.deleted: {
      const { createdAt, ...record } = tombstone!
      return new StreamDeletedError(stream, deletionOf({ ...record, type: TOMBSTONE_TYPE, createdAt: new Date(createdAt) })!)
    }
    default:
      return new EventIdConflictError(stream, event!)
  }
}

function expectedVersionOf(expected: number): ExpectedVersion {
  switch (expected) {
    case ANY_VERSION:
      return 'any'
    case STREAM_EXISTS:
      return 'stream-exists'
    case 0:
      return 'no-stream'
    default:
      return expected
  }
}

function detailOf<T>(error: unknown, sqlState: string): T | undefined {
  const { code, detail } = facts(error)
  return code === sqlState && detail !== undefined ? (JSON.parse(detail) as T) : undefined
}

function facts(error: unknown): { readonly code?: string; readonly detail?: string } {
  return (error ?? {}) as { code?: string; detail?: string }
}
