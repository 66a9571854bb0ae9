import type { RecordedEvent } from '@writ/event-store'

/** An event on its way into the store. It has no position yet and no time: both are given out under the lock, when all handlers are done. */
export interface InlineEvent extends Omit<RecordedEvent, 'position' | 'createdAt' | 'origin' | 'version'> {
  /** The place that it will have in its stream; undefined where the append expects `'any'` or `'stream-exists'`, as no command's does. */
  readonly version: number | undefined
}

export interface InlineHandlerContext {
  readonly event: InlineEvent
  /** The projection's name. */
  readonly projection: string
}

/**
 * What an inline projection's handler gets: the event, and what the store gives to work in the append's transaction.
 *
 * @example opened(event: AccountOpened, { sql, event: { version } }: InlineContext<SqlTransaction>)
 */
export type InlineContext<Transaction extends object = object> = InlineHandlerContext & Transaction
