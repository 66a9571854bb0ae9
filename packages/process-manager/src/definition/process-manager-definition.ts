import type { ErrorPolicy, HandlerContext, StartFrom } from '@writ/event-handler'
import type { AnyCommand, AnyCommandClass, AnyEvent, AnyEventClass, DomainError, Json, RecordedEvent } from '@writ/event-store'

/** What a process manager reacts to, and how: decorators and functions both write this value down. */
export interface ProcessManagerDefinition {
  /** The name of its subscription, and with the instance's id that of each journal; never change it once it has run. */
  readonly name: string
  /** How errors call it. */
  readonly source: string
  readonly startFrom: StartFrom
  readonly consistency: 'eventual' | 'strong'
  /** Absent: what all subscriptions of the process have in common. */
  readonly onError?: ErrorPolicy
  /** How many events of a partition are handled at a time, at most; those of one instance in their order. */
  readonly concurrency: number
  /** Into how many partitions its instances are divided. */
  readonly partitions: number
  /**
   * The instances that an event belongs to; none when it is not the manager's own.
   *
   * @throws InvalidCorrelationError
   */
  readonly instancesOf: (event: RecordedEvent) => readonly string[]
  readonly events: readonly AnyEventClass[]
  /** Event type → what follows from it. */
  readonly reactions: ReadonlyMap<string, Reaction>
  /** Command type → what follows when it is refused. */
  readonly rejections: ReadonlyMap<string, Rejection>
}

/**
 * `start`: begins an instance; of one that is there already, the next event like any other. `on`: goes on with an instance that has begun
 * and has not ended. `end`: the same, and ends it.
 */
export type Role = 'start' | 'on' | 'end'

export interface Reaction {
  readonly role: Role
  readonly event: AnyEventClass
  /** How errors call it. */
  readonly name: string
  readonly react: (state: Json | undefined, event: AnyEvent, context: ProcessContext) => Step | Promise<Step>
}

export interface Rejection {
  readonly command: AnyCommandClass
  /** How errors call it. */
  readonly name: string
  readonly react: (
    state: Json | undefined,
    command: AnyCommand,
    error: DomainError,
    context: ProcessContext,
  ) => Step | Promise<Step>
}

/** What a handler came to, checked. */
export interface Step {
  /** As the journal keeps it: plain JSON, frozen; undefined while it is as it was at first. */
  readonly state: Json | undefined
  readonly commands: readonly AnyCommand[]
}

/** What a handler gets besides event or command. `event` is the recorded event that is being handled, also where a command was refused. */
export interface ProcessContext extends Omit<HandlerContext, 'state'> {
  /** The instance's id: what its events correlate by. */
  readonly instance: string
}

/** What a handler answers with: a command, several in the order in which they are to be dispatched, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a method that returns nothing has the type void
export type Commands = AnyCommand | readonly AnyCommand[] | void | undefined

/**
 * How an event finds its instance: the field of its data that holds the instance's id, or a function that answers with it.
 *
 * An event without the field, or for which the function answers `undefined`, is not the manager's own; one with several ids belongs to each
 * of these instances.
 */
export type Correlate = string | CorrelateFunction

// Of a method, and so compared loosely: a function that names the events which it takes fits.
export type CorrelateFunction<E extends AnyEvent = AnyEvent> = {
  correlate(event: E, recorded: RecordedEvent): string | readonly string[] | null | undefined
}['correlate']

export interface ProcessManagerOptions<C> {
  /** Its identity in the store: 1 to 200 letters, digits, dots, dashes, underscores. */
  readonly name: string
  /** A field of the events, or a function: see {@link Correlate}. */
  readonly correlate: C
  /** `'origin'` by default. Counts when the store sees the name for the first time. */
  readonly startFrom?: StartFrom
  /** Whether a strongly consistent dispatch waits for it: `'eventual'` by default. */
  readonly consistency?: 'eventual' | 'strong'
  /** What follows when one of its handlers fails: the application's default, and that is `retryThenStop()`. A refused command is no failure. */
  readonly onError?: ErrorPolicy
  /** How many events of a partition are handled at a time, at most: 1 to 1,000, 64 by default; those of one instance in their order. */
  readonly concurrency?: number
  /**
   * Into how many partitions its instances are divided, for as many processes at most: 1 to 1,000, 1 by default. An event with several ids
   * is handled in each of their partitions, for the instances that are there.
   */
  readonly partitions?: number
}
