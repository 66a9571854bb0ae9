import {
  type AnyEvent,
  type EventTypes,
  eventClassOf,
  type JsonObject,
  type ParkedEvent,
  type RecordedEvent,
  type StoredEvent,
  UndecodableEventError,
} from '@writ/event-store'

/** What is to be handled in the place of an event, as it is written down: in the shape that its class had when it was edited. */
interface Edited {
  readonly type: string
  readonly schemaVersion: number
  readonly data: JsonObject
}

export function editedText(event: AnyEvent): string {
  const eventClass = eventClassOf(event)
  const edited: Edited = { type: eventClass.type, schemaVersion: eventClass.schemaVersion, data: eventClass.encode(event) }
  return JSON.stringify(edited)
}

/**
 * A parked event as it is to be handled: as the log has it, or as someone has edited it.
 *
 * @returns undefined when what is stored does not become it any more
 * @throws UndecodableEventError, UnknownEventTypeError
 */
export function parkedEventOf(
  stored: StoredEvent,
  types: EventTypes,
  { part, edited }: Pick<ParkedEvent, 'part' | 'edited'>,
): RecordedEvent | undefined {
  const event = types.decode(stored).find((one) => one.part === part)
  if (!event || edited === undefined) return event
  return { ...event, data: editedData(stored, types, edited, event) }
}

/** It may wait for longer than its class keeps its shape: like all that was stored, it is read as what it is today. */
function editedData(stored: StoredEvent, types: EventTypes, edited: string, { type, data }: RecordedEvent): AnyEvent {
  const { data: given, ...shape } = JSON.parse(edited) as Edited
  const today = types.decodeData({ ...stored, ...shape, data: JSON.stringify(given) })
  const found = today.find((one) => eventClassOf(one) === eventClassOf(data))
  if (!found) throw new UndecodableEventError(stored, `what someone has edited it to is no '${type}' today`)
  return found
}
