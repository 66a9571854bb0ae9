import {
  type AnyEvent,
  type AnyEventClass,
  EventTypes,
  eventClassOf,
  isEvent,
  type NewEvent,
  newEvent,
  type Runtime,
  type Upcaster,
} from '@writ/event-store'

/** An event as the code of earlier years stored it. */
export interface OldEvent {
  readonly type: string
  readonly schemaVersion: number
  /** As JSON. */
  readonly data: object
  readonly tags?: readonly string[]
}

/** What has happened: an event of today, or one of earlier years. */
export type PastEvent = AnyEvent | OldEvent

export interface PastOptions {
  /** What events of earlier years are today. */
  readonly upcasters?: readonly Upcaster[]
}

export function newEventOf(event: PastEvent, runtime: Runtime): NewEvent {
  if (isEvent(event)) return newEvent(event, runtime.uuid())
  const { type, schemaVersion, data, tags = [] } = event as OldEvent
  return { id: runtime.uuid(), type, schemaVersion, data: JSON.stringify(data), metadata: '{}', tags }
}

/** How messages call it. */
export function nameOf(event: PastEvent): string {
  return isEvent(event) ? eventClassOf(event).name : `${(event as OldEvent).type} of version ${(event as OldEvent).schemaVersion}`
}

/** What a test has to know of events: these classes, those of what has happened, and those to which upcasters lead. */
export function typesFor(
  classes: Iterable<AnyEventClass>,
  past: Iterable<PastEvent>,
  upcasters: readonly Upcaster[] = [],
): EventTypes {
  const known = new Set(classes)
  for (const event of past) if (isEvent(event)) known.add(eventClassOf(event))
  return new EventTypes(known, { upcasters, onlyToday: true })
}
