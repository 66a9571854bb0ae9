import type { AnyEvent } from '../messages/message.js'
import type { EventMetadata } from './metadata.js'
import type { Origin } from './stored-event.js'

/** An event that the store has accepted, with its class restored: today's shape, whatever shape it was stored in. */
export interface RecordedEvent<E extends AnyEvent = AnyEvent> {
  /** A UUID. What one stored event became shares it; with `part` it is one event's own. */
  readonly id: string
  /** That of its class today. */
  readonly type: string
  readonly schemaVersion: number
  readonly stream: string
  /** Its place in the stream; the first event has version 1. */
  readonly version: number
  /** Its place in the whole store: positive, unique, growing in the order of visibility; there may be gaps. */
  readonly position: number
  /** Which one it is of the events that one stored event became, from 0; they share id, version and position. 0 as a rule. */
  readonly part: number
  /** What happened: an instance of the event's class. */
  readonly data: E
  readonly metadata: EventMetadata
  readonly tags: readonly string[]
  /** When it was stored, by the store's clock; never runs back along the log. */
  readonly createdAt: Date
  /** Of an event that is read by a link: where it stands itself. Stream, version and position are then those of the link. */
  readonly origin?: Origin
}
