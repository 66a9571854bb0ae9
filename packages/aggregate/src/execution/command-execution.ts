import type { AnyCommand, EventMetadata, EventQuery, RecordedEvent } from '@writ/event-store'
import type { AggregateDefinition, Decide } from '../definition/decider.js'
import type { AtWork } from './at-work.js'

/** One command on its way to one aggregate: all that its execution needs to know. */
export interface CommandExecution {
  readonly aggregate: AggregateDefinition
  readonly stream: string
  readonly command: AnyCommand
  /** The cause of the events; a UUID of the caller's, or the id that the sender gave. */
  readonly commandId: string
  /** Present when the sender gave the id: then it leaves a receipt, and repetitions of this fingerprint are answered by it. */
  readonly receipt?: { readonly fingerprint: string } | undefined
  /** That of every event which is decided. */
  readonly metadata: EventMetadata
  /** Its name stands in errors about what it answers. */
  readonly decide: Decide<unknown>
  /** The events that the decision also depends on: it holds only as long as nothing newer matches. */
  readonly boundary?: EventQuery | undefined
  /** What those events come to for the decision. */
  readonly boundaryState?: ((events: readonly RecordedEvent[]) => unknown) | undefined
  /** How many conflicts with other writers it takes before it gives up. */
  readonly retries: number
  /** Milliseconds; it waits without end by default. */
  readonly timeout?: number | undefined
  /** What the answer has besides version and position. */
  readonly wants?: 'state' | 'events' | undefined
  /** Whether the answer tells which types of events were decided. */
  readonly tellsTypes?: boolean
  /** @internal Whose handler has dispatched it, and is still at work. */
  readonly sender?: AtWork
}

/** What an accepted command came to; given once it is stored. */
export interface Executed {
  readonly commandId: string
  readonly stream: string
  /** The stream's version after the command. */
  readonly version: number
  /** The position of the command's last event; of a command without events, that of the stream's last one, 0 where there is none. */
  readonly position: number
  /** How many events were decided. */
  readonly eventCount: number
  /** What the command declares as its result. */
  readonly result: unknown
  /** Whether it had been handled before: the answer is then that of the first time. */
  readonly repeated: boolean
  /** The types of the command's events in their order, where they were to be told. */
  readonly types?: readonly string[]
  /** The state after the command, where it was wanted. */
  readonly state?: unknown
  /** The command's events, where they were wanted. */
  readonly events?: readonly RecordedEvent[]
}
