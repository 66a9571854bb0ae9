import type { RecordedEvent } from '@writ/event-store'
import type { ReadModelContext } from '../projections/own-tables.js'

/** What a handler gets besides the event itself. */
export interface HandlerContext<State = unknown> {
  /** The whole recorded event: id, stream, version, position, metadata, time. */
  readonly event: RecordedEvent
  /** The subscription's name. */
  readonly subscription: string
  /** 1 at first; grows with each failure of the handler, never with a store that is away. */
  readonly attempt: number
  /** Aborts when the subscription stops or loses its lease: leave off what can be left off; what fails after it is not held against the event. */
  readonly signal: AbortSignal
  /** What the definition's `state` has made for this run of this partition; undefined where it makes nothing. */
  readonly state: State
}

/** What a handler of batches gets besides the events themselves. */
export interface BatchContext<State = unknown> extends Omit<HandlerContext<State>, 'event'> {
  /** The whole recorded events, in the order of the others. */
  readonly events: readonly RecordedEvent[]
}

/**
 * What a projection's handler gets: the same, what the store gives to effects in its own transaction, and names for its version's tables.
 *
 * @example deposited(event: MoneyDeposited, { sql }: ProjectionContext<SqlTransaction>)
 */
export type ProjectionContext<Transaction extends object = object, State = unknown> = HandlerContext<State> &
  ReadModelContext<Transaction>

/** What a projection's handler of batches gets. */
export type ProjectionBatchContext<Transaction extends object = object, State = unknown> = BatchContext<State> &
  ReadModelContext<Transaction>

/** What `afterStart` gets. */
export interface StartContext {
  /** The subscription's name. */
  readonly subscription: string
  /** Which of its partitions runs here from now on: from 0. */
  readonly partition: number
  /** How many partitions there are. */
  readonly partitions: number
  /** Aborts when this run ends. */
  readonly signal: AbortSignal
}

/** What `beforeReset` gets: where the subscription is sent, and for a projection what the store gives to effects in the reset's transaction. */
export type ResetContext<Transaction extends object = object> = {
  /** The subscription's name. */
  readonly subscription: string
  /** The position after which it goes on: 0 for the beginning. */
  readonly to: number
} & Transaction
