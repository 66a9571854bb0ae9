import type { StoredEvent } from '@writ/event-store'
import type { Row } from '../connections.js'
import { WITHIN } from '../schema/append-functions.js'

const untagged: readonly string[] = Object.freeze([])

/** A row of `eventColumns` → the event. */
export function storedEvent(row: Row): StoredEvent {
  const tags = row[8]
  return {
    id: row[3]!,
    type: row[4]!,
    schemaVersion: Number(row[5]),
    stream: row[1]!,
    version: Number(row[2]),
    position: Number(row[0]),
    data: row[6]!,
    metadata: row[7]!,
    tags: tags === null ? untagged : tags!.split(WITHIN),
    createdAt: new Date(Number(row[9])),
  }
}
