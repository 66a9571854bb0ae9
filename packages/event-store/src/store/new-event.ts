import { type AnyEvent, eventClassOf } from '../messages/message.js'
import type { EventMetadata } from './metadata.js'

/** An event before the store has accepted it, serialised. */
export interface NewEvent {
  /** A UUID; an append that is repeated with the same ids is stored once. */
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  /** The event's data: the exact JSON text that is stored and comes back. */
  readonly data: string
  /** {@link EventMetadata} as JSON text. */
  readonly metadata: string
  readonly tags: readonly string[]
}

/**
 * An event instance → what a store appends.
 *
 * @param id a UUID, best of version 7 (see Runtime.uuid)
 */
export function newEvent(event: AnyEvent, id: string, metadata: EventMetadata = {}): NewEvent {
  return newEventWith(event, id, JSON.stringify(metadata))
}

/** The same for a caller who serialises the metadata once for many events. */
export function newEventWith(event: AnyEvent, id: string, metadata: string): NewEvent {
  const eventClass = eventClassOf(event)
  return {
    id,
    type: eventClass.type,
    schemaVersion: eventClass.schemaVersion,
    data: JSON.stringify(eventClass.encode(event)),
    metadata,
    tags: eventClass.tagsOf(event as never),
  }
}
