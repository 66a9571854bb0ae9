import type { ExpectedVersion } from './expected-version.js'
import type { EventMetadata } from './metadata.js'

/** What is asked and done about a stream as a whole. */
export interface Streams {
  /** What is known of a stream; undefined where none of this name was ever written to. */
  info(stream: string): Promise<StreamInfo | undefined>

  /**
   * A page of the streams that were ever written to, deleted ones among them, in the order of their names' UTF-8 bytes.
   *
   * A page of n streams costs n look-ups however many streams there are. With `search` each name is looked at, 10,000 a page at
   * most: a page may then hold fewer streams than its limit, or none, and yet have a `next`.
   *
   * @throws InvalidReadError for malformed options
   */
  list(options?: ListOptions): Promise<StreamPage>

  /**
   * Ends a stream for good: nothing can be appended to it or read from it any more, and its name is never free again.
   *
   * The log keeps its events, unless the delete is `hard`: then they are taken out of the store together with their tags and the
   * stream's snapshots. Positions are not given out again. Receipts stay; they hold no events, and answer repetitions.
   *
   * @throws WrongExpectedVersionError when the stream is not as expected; nothing was deleted
   * @throws StreamDeletedError when it is deleted already, unless its events are to be taken out as well, and are still there
   * @throws HardDeleteNotAllowedError when the store was not created with `allowHardDelete: true`
   * @throws InvalidAppendError, InvalidStreamNameError for malformed input
   */
  delete(stream: string, options?: DeleteOptions): Promise<Deleted>

  /**
   * Closes the books before a version: from now on the stream is read from there on. The log keeps the events before it, unless `hard`
   * takes them out of the store.
   *
   * Versions stay as they are. A stream that is closed further on stays closed there.
   *
   * @throws InvalidTruncationError when `before` is not one of the stream's versions
   * @throws StreamDeletedError
   * @throws HardDeleteNotAllowedError when the store was not created with `allowHardDelete: true`
   * @throws InvalidStreamNameError
   */
  truncate(stream: string, options: TruncateOptions): Promise<Truncated>
}

/** What is given is joined by "and". */
export interface ListOptions {
  /** Only streams of this category. */
  readonly category?: string
  /** Only streams whose names begin with this: as cheap as a list of all. */
  readonly prefix?: string
  /** Only streams whose names hold this text, case and all. */
  readonly search?: string
  /** Whether streams that begin with `$`, Writ's own, are listed too: false by default, unless category or prefix begins with it. */
  readonly reserved?: boolean
  /** Only streams that come after this name: the `next` of the page before. */
  readonly after?: string
  /** At most so many streams: 1 to 1,000, 100 by default. */
  readonly limit?: number
}

export interface StreamPage {
  readonly streams: readonly StreamInfo[]
  /** Where the next page begins, as its `after`; absent where there is certainly none. */
  readonly next?: string
}

export interface StreamInfo {
  readonly stream: string
  /** That of its last event; of a deleted stream, the one that it had. */
  readonly version: number
  /** The version from which on it is read: 1, unless the books were closed. */
  readonly firstVersion: number
  /** Absent while the stream is there. */
  readonly deletion?: StreamDeletion
}

/** How a stream came to its end. */
export interface StreamDeletion {
  /** The version that the stream had. */
  readonly version: number
  /** Whether its events were taken out of the store. */
  readonly hard: boolean
  /** The position of the deletion itself. */
  readonly position: number
  /** By the store's clock. */
  readonly deletedAt: Date
  /** Who did it, as the metadata of the deletion say. */
  readonly actor: string | undefined
}

export interface DeleteOptions {
  /** `'stream-exists'` by default. With `'any'` or `'no-stream'` a name can be taken out of use that no stream has. */
  readonly expectedVersion?: ExpectedVersion
  /** Whether the events are taken out of the store; false by default. */
  readonly hard?: boolean
  /** Who deletes, and why. */
  readonly metadata?: EventMetadata
}

export interface Deleted {
  /** The version that the stream had. */
  readonly version: number
  /** The position of the deletion: higher than that of any event before it. */
  readonly position: number
}

export interface TruncateOptions {
  /** The version of the first event that is left: 1 up to the stream's version, so that one event is left at least. */
  readonly before: number
  /** Whether the events before it are taken out of the store; false by default. */
  readonly hard?: boolean
}

export interface Truncated {
  /** The version from which on the stream is read: `before`, or a later one where it was closed further on already. */
  readonly firstVersion: number
}
