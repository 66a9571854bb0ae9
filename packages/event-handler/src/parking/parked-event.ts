import { type EventTypes, eventClassOf, type ParkedEvent, type RecordedEvent, type StoredEvent } from '@writ/event-store'

/**
 * A parked event as it is to be handled: as the log has it, or as someone has edited it.
 *
 * @returns undefined when what is stored does not become it any more
 * @throws UndecodableEventError, UnknownEventTypeError
 */
export function parkedEventOf(
  stored: StoredEvent,
  types: EventTypes,
  { part, editedData }: Pick<ParkedEvent, 'part' | 'editedData'>,
): RecordedEvent | undefined {
  const event = types.decode(stored).find((one) => one.part === part)
  if (!event || editedData === undefined) return event
  return { ...event, data: eventClassOf(event.data).restore(JSON.parse(editedData)) }
}
