import { type Append, type Appended, EventIdConflictError, type NewEvent, type StoredEvent } from '@writ/event-store'

/** What of some appends is written already: their events and links, by their ids. */
export type Written = ReadonlyMap<string, StoredEvent>

/** Whether all events of some appends are written, and stand in the log as one call wrote them. */
export function isRepetition(appends: readonly Append[], written: Written): boolean {
  let last: number | undefined
  for (const { stream, events } of appends) {
    for (const event of events) {
      const stored = written.get(event.id)
      if (!stored || !isSame(stored, event, stream) || (last !== undefined && stored.position !== last + 1)) return false
      last = stored.position
    }
  }
  return last !== undefined
}

/**
 * What an append was answered that is written already; undefined where nothing of it is.
 *
 * @throws EventIdConflictError where only a part of it is, or something else
 */
export function firstAnswer({ stream, events }: Append, written: Written): Appended | undefined {
  const known = events.find(({ id }) => written.has(id))
  if (!known) return undefined
  const first = written.get(events[0]!.id)
  for (const [index, event] of events.entries()) {
    const stored = written.get(event.id)
    if (!first || stored?.position !== first.position + index || !isSame(stored, event, stream))
      throw new EventIdConflictError(stream, stored ? event.id : known.id)
  }
  const { version, position } = written.get(events.at(-1)!.id)!
  return { version, position }
}

function isSame(stored: StoredEvent, event: NewEvent, stream: string): boolean {
  const { type, schemaVersion, data } = event
  return stored.stream === stream && stored.type === type && stored.schemaVersion === schemaVersion && stored.data === data
}
