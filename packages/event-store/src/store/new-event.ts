import { type AnyEvent, eventClassOf } from '../messages/message.js'
import type { Runtime } from '../runtime.js'
import { type EventMetadata, metadataText } from './metadata.js'

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

/** A new event of Writ's own making: its texts are JSON, and nobody can change them any more. */
class SerialisedEvent implements NewEvent {
  constructor(
    readonly id: string,
    readonly type: string,
    readonly schemaVersion: number,
    readonly data: string,
    readonly metadata: string,
    readonly tags: readonly string[],
  ) {
    Object.freeze(this)
  }
}

/** Whether the event's data and metadata are known to be JSON text; of any other, nothing is known. */
export function isSerialised(event: NewEvent): boolean {
  return event instanceof SerialisedEvent
}

/**
 * An event instance → what a store appends.
 *
 * @param id a UUID, best of version 7 (see Runtime.uuid)
 */
export function newEvent(event: AnyEvent, id: string, metadata: EventMetadata = {}): NewEvent {
  return serialised(event, id, metadataText(metadata))
}

/** The same for several events that share their metadata, such as those of one command. */
export function newEvents(events: readonly AnyEvent[], metadata: EventMetadata, { uuid }: Pick<Runtime, 'uuid'>): NewEvent[] {
  const text = metadataText(metadata)
  return events.map((event) => serialised(event, uuid(), text))
}

function serialised(event: AnyEvent, id: string, metadata: string): NewEvent {
  const eventClass = eventClassOf(event)
  const data = JSON.stringify(eventClass.encode(event))
  return new SerialisedEvent(id, eventClass.type, eventClass.schemaVersion, data, metadata, eventClass.tagsOf(event as never))
}
