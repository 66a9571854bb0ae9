import type { RecordedEvent } from '@writ/event-store'

/** What a handler gets besides the event itself. */
export interface HandlerContext {
  /** The whole recorded event: id, stream, version, position, metadata, time. */
  readonly event: RecordedEvent
  /** The subscription's name. */
  readonly subscription: string
  /** 1 at first; grows with each failure of the handler, never with a store that is away. */
  readonly attempt: number
  /** Aborts when the subscription stops or loses its lease: leave off what can be left off; what fails after it is not held against the event. */
  readonly signal: AbortSignal
}

/** What a handler of batches gets besides the events themselves. */
export interface BatchContext extends Omit<HandlerContext, 'event'> {
  /** The whole recorded events, in the order of the others. */
  readonly events: readonly RecordedEvent[]
}

/**
 * What a projection's handler gets: the same, and what the store gives to effects in its own transaction.
 *
 * @example deposited(event: MoneyDeposited, { sql }: ProjectionContext<SqlTransaction>)
 */
export type ProjectionContext<Transaction extends object = object> = HandlerContext & Transaction

/** What a projection's handler of batches gets. */
export type ProjectionBatchContext<Transaction extends object = object> = BatchContext & Transaction
