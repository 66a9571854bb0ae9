import type { LogRewoundError } from '../errors/log-rewound-error.js'
import type { Append, Appended } from './append.js'
import type { Checkpoints } from './checkpoints.js'
import type { ParkedEvents } from './parked-events.js'
import type { ProjectionVersions } from './projection-versions.js'
import type { EventQuery } from './query.js'
import type { Receipts } from './receipts.js'
import type { Snapshots } from './snapshots.js'
import type { StoredEvent } from './stored-event.js'
import type { Streams } from './streams.js'
import type { AppendsTogether, Committed } from './transaction.js'

/**
 * The port that every store adapter implements: an append-only log of events, each in one stream.
 *
 * It moves text; `EventTypes` makes instances of it. Positions grow in the order in which events become visible, so whoever has read
 * up to a position has missed nothing below it.
 *
 * A store that finds the log rewound, by a restored backup or a standby that lagged behind, refuses every operation with a
 * LogRewoundError until it is stopped and started anew.
 *
 * @typeParam Transaction what work in a transaction of this adapter gets: an effect in a checkpoint's own, or that of `transaction`
 */
export interface EventStore<Transaction extends object = object> {
  /** The adapter's name, for errors and health: `memory`, `postgres`. */
  readonly adapter: string
  readonly checkpoints: Checkpoints<Transaction>
  readonly parked: ParkedEvents
  readonly projections: ProjectionVersions<Transaction>
  readonly receipts: Receipts
  readonly snapshots: Snapshots
  readonly streams: Streams

  /** Makes the store ready, its schema included; to call it twice is harmless. */
  start(): Promise<void>

  /** Finishes the appends under way and frees connections; to call it twice is harmless. */
  stop(): Promise<void>

  /**
   * Appends events to one stream: all of them or none. Acknowledged means durable.
   *
   * An append that is repeated with the same event ids and content answers as the first time.
   *
   * @throws InvalidAppendError, InvalidStreamNameError for malformed input
   * @throws CommandAlreadyHandledError when one of the receipts' commands has a receipt already; it carries that receipt
   * @throws WrongExpectedVersionError when another writer was first; it carries the events that were missed
   * @throws StreamDeletedError when the stream was deleted, whatever version is expected
   * @throws AppendConditionFailedError when an event matches the condition's query
   * @throws EventIdConflictError when an event id is in use for other content
   * @throws StoreOverloadedError when too many appends are waiting
   * @throws StoreUnavailableError when the store can't be reached; it tells whether the append may have been stored
   */
  append(append: Append): Promise<Appended>

  /**
   * Appends to several streams: all or none. Each append has its own expected version, condition and receipts, judged by what was
   * stored before the call. In the log the events of all stand next to each other, in the order of the appends.
   *
   * A call that is repeated with the same event ids and content answers as the first time; an append without events then answers with
   * its stream as it is. Where some are repetitions and some are new, the first repetition is refused as an EventIdConflictError.
   *
   * @param appends to a stream each, at most 10,000 events together; with an empty list nothing happens
   * @returns an answer for each append, in their order
   * @throws InvalidAppendError, InvalidStreamNameError for malformed input, and for two appends to one stream
   * @throws what `append` throws for the first append, in their order, that is refused; then nothing was written to any stream
   */
  appendAll(appends: readonly Append[]): Promise<readonly Appended[]>

  /**
   * Carries out work in a transaction of the store and writes the appends that it collects as the transaction's last step: with what
   * the work did through the adapter's handle, or not at all.
   *
   * A transaction whose events are all stored already is a repetition: what the work did is undone, and the first answers are given.
   *
   * @throws what the work throws; then nothing was written
   * @throws what `appendAll` throws, of appends made one for each stream; then nothing was written
   * @throws StoreUnavailableError when the store can't be reached; it tells whether the transaction may have been committed
   */
  transaction<T>(work: (transaction: Transaction & AppendsTogether) => Promise<T>): Promise<Committed<T>>

  /**
   * Carries out work in a transaction of the user's own, which the user commits: the appends that it collects are written by that commit,
   * or make it fail. Absent where the adapter can't join transactions.
   *
   * @param client of the adapter's own kind, with an open transaction
   * @returns what the work returned
   * @throws what the work throws, and what the adapter has against the transaction; the user rolls back
   */
  within?<T>(client: object, work: (transaction: Transaction & AppendsTogether) => Promise<T>): Promise<T>

  /**
   * One stream's events in pages; an absent stream has none, and one whose books were closed begins where they were.
   *
   * A link gives the event that it refers to, at the link's place, and says where it comes from. One whose event was taken out of the
   * store is left out, so versions may have gaps there, and a page fewer events than it could.
   *
   * @throws InvalidReadError for malformed options
   * @throws StreamDeletedError
   */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<readonly StoredEvent[]>

  /**
   * The whole log's events, of all streams, in pages; each once, where it was written: links are left out. It ends at the head; it
   * does not wait for more.
   *
   * Query, stream, category, correlation and bounds are joined by "and"; what does not pass them never leaves the store.
   *
   * @throws InvalidReadError for malformed options
   */
  readAll(options?: ReadAllOptions): AsyncIterable<readonly StoredEvent[]>

  /**
   * What was written with these ids, in the order of the log: events, and links as `newLink` made them, which are not followed. An id that
   * nothing has gives nothing, nor does one whose event was taken out.
   *
   * @param ids up to 10,000 UUIDs
   * @throws InvalidReadError for ids that are none, or too many
   */
  findEvents(ids: readonly string[]): Promise<readonly StoredEvent[]>

  /** Where the log ends now. */
  head(): Promise<Head>

  /**
   * Calls the listener when there may be new events, from this process or another. A hint: it may come late, doubly or never, so
   * whoever depends on it polls as well.
   *
   * A store may bring along what it has just written itself, so that whoever has read up to there need not read it.
   *
   * @returns takes the listener away again
   */
  onAppended(listener: AppendListener): () => void

  /**
   * Calls the listener when someone has steered a subscription, in this process or another: paused, resumed, reset or deleted it, wished for
   * another number of partitions, or decided on what it has parked. A hint, too: who misses it learns the same by the next heartbeat.
   *
   * @returns takes the listener away again
   */
  onSteered(listener: SteeringListener): () => void

  /**
   * Calls the listener when the log is found to be rewound, before any operation is refused for it: what was made of events that are
   * gone must go too.
   *
   * @returns takes the listener away again
   */
  onRewound(listener: (error: LogRewoundError) => void): () => void
}

/** @param written what is new, where the store has it at hand; undefined where only a read can tell */
export type AppendListener = (written?: WrittenEvents) => void

export type SteeringListener = (subscription: string) => void

/** A piece of the log that was written just now, and is durable. */
export interface WrittenEvents {
  /** The log's last position before this piece: 0 where it is the first. */
  readonly after: number
  /** Its own last position. */
  readonly upTo: number
  /** All that a read gives between the two, in its order and to the letter. */
  readonly events: readonly StoredEvent[]
}

export interface Head {
  /** The last position that was given out, 0 for an empty log. It never goes back, and need not be that of an event: of a link, say. */
  readonly position: number
  /** A UUID that was drawn when the store was created: positions of one incarnation say nothing about another. */
  readonly incarnation: string
}

export interface ReadOptions {
  readonly direction?: 'forwards' | 'backwards'
  /** At most so many events in all. */
  readonly limit?: number
  /**
   * At most so many events a page: 1 to 10,000, 1,000 by default. A limit of no more than a page says that so many are expected; else a
   * store may find out first whether there are more than a few.
   */
  readonly pageSize?: number
  /**
   * Whether only events are given out that no crash can take away: true by default. What is read to write rows of the same database may
   * set it to false, for they are made durable later. Not what an append is decided on: after a crash its version may be another event's.
   */
  readonly durable?: boolean
}

export interface ReadStreamOptions extends ReadOptions {
  /** From this version on, it included, in log order whatever the direction; 1 by default. */
  readonly fromVersion?: number
  /** Up to this version, it included; the stream's last by default. */
  readonly toVersion?: number
}

export interface ReadAllOptions extends ReadOptions {
  /** Only events beyond this position; 0 by default. */
  readonly after?: number
  /** Only events up to this position, it included; the head by default. */
  readonly upTo?: number
  /** Only events that match. */
  readonly query?: EventQuery
  /** Only events that were written to this stream, or to any of these; also to one that is deleted, or whose books are closed. */
  readonly stream?: string | readonly string[]
  /** Only events of streams of this category, or of any of these; see `categoryOf`. */
  readonly category?: string | readonly string[]
  /** Only events whose metadata has this `correlationId`. */
  readonly correlationId?: string
}
