import type { Append, Appended } from './append.js'

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
}

/** What a transaction came to; given when it is durable. */
export interface Committed<T> {
  /** What the work returned. */
  readonly result: T
  /** One for each append, in the order in which they were given. */
  readonly appended: readonly Appended[]
}
