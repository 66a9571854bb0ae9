import { StreamDeletedError } from '../errors/stream-errors.js'
import type { EventMetadata } from './metadata.js'
import type { NewEvent } from './new-event.js'
import { OWN_SCHEMA_VERSION } from './own-record.js'
import type { StoredEvent } from './stored-event.js'
import type { StreamDeletion } from './streams.js'

/** The reserved type of a deleted stream's last record. */
export const TOMBSTONE_TYPE = '$stream-deleted'

/**
 * The version of a tombstone: no stream is as long as this, so no expected version can equal it, and what looks a stream's version up
 * to append to it meets the deletion without asking for it.
 */
export const TOMBSTONE_VERSION = 2_147_483_647

/** What a tombstone's data says. */
interface Epitaph {
  /** The version that the stream had. */
  readonly version: number
  readonly hard: boolean
}

/**
 * A deleted stream's last record.
 *
 * @param id a UUID
 */
export function newTombstone(id: string, { version, hard }: Epitaph, metadata: EventMetadata = {}): NewEvent {
  const data = `{"version":${version},"hard":${hard}}`
  return { id, type: TOMBSTONE_TYPE, schemaVersion: OWN_SCHEMA_VERSION, data, metadata: JSON.stringify(metadata), tags: [] }
}

/** What a stored tombstone tells; undefined for every other record. */
export function deletionOf({
  type,
  data,
  metadata,
  createdAt,
  position,
}: Pick<StoredEvent, 'type' | 'data' | 'metadata' | 'createdAt' | 'position'>): StreamDeletion | undefined {
  if (type !== TOMBSTONE_TYPE) return undefined
  const { version, hard } = JSON.parse(data) as Epitaph
  const { actor } = JSON.parse(metadata) as EventMetadata
  return { version, hard, position, deletedAt: createdAt, actor }
}

/** The error of whoever asks for a stream that has this last record; undefined when it is no tombstone. */
export function deletedError(last: StoredEvent): StreamDeletedError | undefined {
  const deletion = deletionOf(last)
  return deletion && new StreamDeletedError(last.stream, deletion)
}
