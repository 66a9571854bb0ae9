import type { AnyEvent, AnyEventClass, RecordedEvent } from '@writ/event-store'
import { InvalidSubscriptionError } from '../errors/definition-errors.js'
import type { ReadModel, ReadModelOptions } from '../projections/read-model.js'
import { type CheckpointOptions, whyNoCheckpointing } from './checkpointing.js'
import type { ErrorPolicy } from './error-policy.js'
import type { EventFilter } from './event-filter.js'
import type { BatchContext, HandlerContext, ResetContext, StartContext } from './handler-context.js'

/** What a subscription delivers, where to, and what follows from failures: decorators and functions both write this value down. */
export interface SubscriptionDefinition {
  /**
   * `event-handler`: effects outside of the store, at least once. `projection`: effects in the checkpoint's own transaction, exactly once.
   */
  readonly kind: 'event-handler' | 'projection'
  /** Its identity in the store; never change it once it has run. A projection's is `name@version`. */
  readonly name: string
  /** How errors call it. */
  readonly source: string
  /** Where it starts when the store does not know it yet: before the first event, after the newest, or after a position. */
  readonly startFrom: StartFrom
  /** Whether a strongly consistent dispatch waits for it. */
  readonly consistency: 'eventual' | 'strong'
  /** Absent: what all subscriptions of the process have in common. */
  readonly onError?: ErrorPolicy
  /** How many events of one partition may be parked at a time before it stops: 10,000 where it is absent. */
  readonly mostParked?: number
  readonly events: readonly AnyEventClass[]
  /** Event type → what handles it. */
  readonly handlers: ReadonlyMap<string, Handle>
  /** Which events of these types it is about; absent: all. */
  readonly filter?: EventFilter
  /** Into how many partitions its events are divided, for as many processes at most: 1 where they are not. */
  readonly partitions: number
  /**
   * Which sequences an event belongs to: events that have one in common are handled in their order, and each sequence belongs to one
   * partition. Absent: that of its stream.
   */
  readonly sequencesOf?: (event: RecordedEvent) => readonly string[]
  /** Handles events together; then `handlers` take batches of one. Absent: each by itself. */
  readonly batch?: Batch
  /** How many events are handled at a time, at most. Absent: one after the other. Projections have none. */
  readonly concurrency?: number
  /** When its checkpoint is stored. Absent: as all subscriptions of the process have it. Projections have none. */
  readonly checkpoint?: CheckpointOptions
  /** Makes a projection's tables. */
  readonly setUp?: (transaction: object) => unknown
  /** Makes what the handlers of one run share: anew for each run of each partition. */
  readonly state?: (partition: { readonly partition: number; readonly partitions: number }) => unknown
  /** Called, and awaited, before the first event of each run of each partition. */
  readonly afterStart?: (context: StartContext) => unknown
  /** Called within a reset, before the subscription goes on elsewhere. */
  readonly beforeReset?: (context: ResetContext) => unknown
  /** Which read model a projection is a version of. */
  readonly readModel?: ReadModel
}

/** How events are handled together. */
export interface Batch extends BatchOptions {
  readonly handle: HandleBatch
}

export interface BatchOptions {
  /** How many events are handed over together, at most: from 1 to 10,000. Left out: as many as take about 100 ms, and 1,000 at most. */
  readonly size?: number
  /** Milliseconds that a batch which could be larger waits for more: none by default, 60,000 at most. */
  readonly within?: number
}

export type HandleBatch = (events: readonly AnyEvent[], context: BatchContext) => unknown
export type StartFrom = 'origin' | 'current' | number
export type Handle = (event: AnyEvent, context: HandlerContext) => unknown

/** What can be said of an event handler. */
export interface EventHandlerOptions extends EventFilter {
  /** Its identity in the store: 1 to 200 letters, digits, dots, dashes, underscores. */
  readonly name: string
  /** `'origin'` by default. Counts when the store sees the name for the first time. */
  readonly startFrom?: StartFrom
  /** `'eventual'` by default. */
  readonly consistency?: 'eventual' | 'strong'
  /** The application's by default, and that is `retryThenStop()`. */
  readonly onError?: ErrorPolicy
  /** How many events of one partition may be parked before it stops: from 1, 10,000 by default. Its process keeps in mind what is. */
  readonly mostParked?: number
  /**
   * Into how many partitions its events are divided: 1, by default, to 1,000. Each is run by one process at a time, and the processes share
   * them evenly; so as many processes can work on it at once. Events of one sequence (`partitionBy`) are of one partition.
   *
   * A process that starts with another number than the one that is stored has it changed, for all processes.
   */
  readonly partitions?: number
  /** How many events of a partition are handled at a time, at most: from 1, one after the other by default, to 1,000. */
  readonly concurrency?: number
  /**
   * Which events are handled in their order, whatever the number of partitions and the concurrency, and which go on when one is parked. A
   * field of the events, or a function; those for which it has the same value keep their order, as do those of one stream for which it has
   * none. Left out: those of one stream.
   */
  readonly partitionBy?: PartitionBy
  /** With `@OnBatch`: how large batches are, and how long they wait for more. */
  readonly batch?: BatchOptions
  /** When its checkpoint is stored, by events and by time: the application's by default. */
  readonly checkpoint?: CheckpointOptions
}

export type PartitionBy = string | PartitionFunction
// Of a method, and so compared loosely: a function that names the events which it takes fits.
export type PartitionFunction = {
  partitionBy(event: AnyEvent, recorded: RecordedEvent): string | null | undefined
}['partitionBy']

/** What can be said of a projection. */
export interface ProjectionOptions extends EventFilter, ReadModelOptions {
  /** With the version, its identity in the store: 1 to 200 letters, digits, dots, dashes, underscores. */
  readonly name: string
  /** Grows when the read model is to be built anew from the first event: 1 by default. */
  readonly version?: number
  /** `'eventual'` by default. */
  readonly consistency?: 'eventual' | 'strong'
  /** The application's by default, and that is `retryThenStop()`. */
  readonly onError?: ErrorPolicy
  /** How many events of one partition may be parked before it stops: from 1, 10,000 by default. Its process keeps in mind what is. */
  readonly mostParked?: number
  /** With `@OnBatch`: how large batches are, and how long they wait for more. */
  readonly batch?: BatchOptions
  /** See {@link EventHandlerOptions.partitions}. Its handlers must bear to run side by side for different sequences. */
  readonly partitions?: number
  /** See {@link EventHandlerOptions.partitionBy}. */
  readonly partitionBy?: PartitionBy
}

/** What a subscription or a projection can be called. */
export const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/

/** @throws InvalidSubscriptionError that says what is wrong with which option */
export function checkOptions(source: string, options: EventHandlerOptions & ProjectionOptions): void {
  const refuse = (why: string): never => {
    throw new InvalidSubscriptionError(source, why)
  }
  const { name, startFrom = 'origin', version = 1, consistency = 'eventual', onError } = options
  const { partitions = 1, concurrency = 1 } = options
  const { batch = {}, checkpoint = {} } = options
  if (typeof batch !== 'object' || batch === null) refuse("its 'batch' must be { size, within }, or one of the two")
  if (typeof checkpoint !== 'object' || checkpoint === null)
    refuse("its 'checkpoint' must be { events, within }, or one of the two")
  const strange = Object.keys(batch).find((option) => option !== 'size' && option !== 'within')
  if (strange !== undefined) refuse(`its batch's '${strange}' is unknown; there are 'size' and 'within'`)
  const { size = 1, within = 0 } = batch
  const { mostParked = 1 } = options
  const { schema, swap = 'when-caught-up', comparable = false } = options
  if (typeof name !== 'string' || !namePattern.test(name)) {
    refuse("its 'name' must be 1 to 200 letters, digits, dots, dashes or underscores")
  }
  if (startFrom !== 'origin' && startFrom !== 'current' && !(Number.isSafeInteger(startFrom) && startFrom >= 0)) {
    refuse("its 'startFrom' must be 'origin', 'current' or a position from 0")
  }
  if (!Number.isSafeInteger(version) || version < 1) refuse("its 'version' must be an integer from 1")
  if (consistency !== 'eventual' && consistency !== 'strong') refuse("its 'consistency' must be 'eventual' or 'strong'")
  if (!Number.isSafeInteger(concurrency) || concurrency < 1 || concurrency > 1_000) {
    refuse("its 'concurrency' must be an integer from 1 to 1000")
  }
  if (!Number.isSafeInteger(partitions) || partitions < 1 || partitions > 1_000) {
    refuse("its 'partitions' must be an integer from 1 to 1000")
  }
  if (onError !== undefined && typeof onError !== 'function') refuse("its 'onError' must be a function, such as retryThenStop()")
  if (!Number.isSafeInteger(mostParked) || mostParked < 1) refuse("its 'mostParked' must be an integer from 1")
  if (schema !== undefined && (typeof schema !== 'string' || schema === '')) refuse("its 'schema' must be the name of one")
  if (swap !== 'when-caught-up' && swap !== 'by-hand') refuse("its 'swap' must be 'when-caught-up' or 'by-hand'")
  if (typeof comparable !== 'boolean') refuse("its 'comparable' must be true or false")
  if (!Number.isSafeInteger(size) || size < 1 || size > 10_000) refuse("its batch's 'size' must be an integer from 1 to 10000")
  if (!(within >= 0 && within <= 60_000)) refuse("its batch's 'within' must be milliseconds from 0 to 60000")
  const whyNot = whyNoCheckpointing(checkpoint)
  if (whyNot) refuse(`its checkpoint's ${whyNot}`)
}
