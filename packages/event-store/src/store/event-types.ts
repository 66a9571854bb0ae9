import { DuplicateEventTypeError, UndecodableEventError, UnknownEventTypeError } from '../errors/event-type-errors.js'
import type { AnyEvent, AnyEventClass } from '../messages/message.js'
import type { EventMetadata } from './metadata.js'
import type { RecordedEvent } from './recorded-event.js'
import type { StoredEvent } from './stored-event.js'

/** The event classes that an application knows: stored text → instances. */
export class EventTypes {
  private readonly classes = new Map<string, AnyEventClass>()

  /** @throws DuplicateEventTypeError when two classes claim one type name; it names both */
  constructor(classes: Iterable<AnyEventClass>) {
    for (const eventClass of classes) {
      const known = this.classes.get(eventClass.type)
      if (known && known !== eventClass) throw new DuplicateEventTypeError(eventClass.type, [known.name, eventClass.name])
      this.classes.set(eventClass.type, eventClass)
    }
  }

  get names(): readonly string[] {
    return [...this.classes.keys()]
  }

  /**
   * @throws UnknownEventTypeError for a type that no class claims
   * @throws UndecodableEventError when the stored data can't be read as its class
   */
  decode(stored: StoredEvent): RecordedEvent {
    const data = this.decodeData(stored)
    return {
      id: stored.id,
      type: stored.type,
      schemaVersion: stored.schemaVersion,
      stream: stored.stream,
      version: stored.version,
      position: stored.position,
      data,
      metadata: metadataOf(stored),
      tags: stored.tags,
      createdAt: stored.createdAt,
    }
  }

  /** The same, only what happened: for loading aggregates, where nothing else of an event matters and there are many. */
  decodeData(stored: StoredEvent): AnyEvent {
    const eventClass = this.classes.get(stored.type)
    if (!eventClass) throw new UnknownEventTypeError(stored.type, stored.stream, stored.version, stored.position, this.names)
    return restore(eventClass, stored)
  }
}

function restore(eventClass: AnyEventClass, stored: StoredEvent): AnyEvent {
  if (stored.schemaVersion > eventClass.schemaVersion) {
    throw new UndecodableEventError(
      stored,
      `it has schema version ${stored.schemaVersion}, and this code knows versions up to ${eventClass.schemaVersion}; deploy the newer code`,
    )
  }
  try {
    return eventClass.restore(JSON.parse(stored.data))
  } catch (cause) {
    throw new UndecodableEventError(stored, `its data can't be read by ${eventClass.name}`, cause)
  }
}

function metadataOf(stored: StoredEvent): EventMetadata {
  try {
    return JSON.parse(stored.metadata)
  } catch (cause) {
    throw new UndecodableEventError(stored, 'its metadata is not JSON', cause)
  }
}
