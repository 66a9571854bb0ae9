import type { Append, Appended } from './append.js'
import type { EventStore } from './event-store.js'
import type { Receipts } from './receipts.js'
import type { Rows, Table } from './rows.js'
import type { Snapshots } from './snapshots.js'

/**
 * What work in a transaction reads of the store: what is stored, and none of what the transaction has taken in. It needs no second
 * connection, so that many transactions at once can't keep each other waiting for one.
 */
export interface ReadsWithin extends Pick<EventStore, 'readStream' | 'readAll' | 'head'> {
  readonly receipts: Pick<Receipts, 'find'>
  readonly snapshots: Pick<Snapshots, 'load'>
}

/** What a store's transaction has besides the adapter's own handle. It ends with the work. */
export interface AppendsTogether {
  /**
   * Takes an append in; it is written when the work is done. Several to one stream follow one another: a later one expects 'any', or
   * what those before it leave. In the log, events of one stream stand together, streams in the order in which they were first named.
   *
   * @throws InvalidAppendError, InvalidStreamNameError for one that is malformed, or does not go with those before it
   * @throws TransactionEndedError after the work's end
   */
  append(append: Append): void
  readonly reads: ReadsWithin
  /** Rows of a table of the user's own; what is changed is committed with the appends, or undone. */
  rows(table: Table): Rows
  /** Carries out a part of the work: rows that it has changed are as before when it throws, and the work may go on. One at a time. */
  part<T>(work: () => Promise<T>): Promise<T>
}

/** What a transaction came to; given when it is durable. */
export interface Committed<T> {
  /** What the work returned. */
  readonly result: T
  /** One for each append, in the order in which they were given. */
  readonly appended: readonly Appended[]
}
