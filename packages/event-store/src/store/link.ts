import type { NewEvent } from './new-event.js'
import { OWN_SCHEMA_VERSION } from './own-record.js'
import type { Origin, StoredEvent } from './stored-event.js'

/** The reserved type of a link. */
export const LINK_TYPE = '$link'

const form = /^\{"position":([1-9][0-9]{0,15}),"id":"([0-9a-f-]{36})"\}$/

/** What a link says: where the event stands in the log, and which one it is. */
export interface LinkTarget {
  readonly position: number
  /** A UUID. */
  readonly id: string
}

/**
 * Puts an event into another stream by reference: what this makes is appended there with `append`, like an event.
 *
 * Whoever reads that stream gets the event itself, at the link's place. The log gives it once, where it was written.
 *
 * @param event one that a store has given back; one that was read by a link stands for the original
 * @param id the link's own: a UUID, best of version 7 (see Runtime.uuid)
 * @example await store.append({ stream: 'audit-2024', events: [newLink(event, runtime.uuid())] })
 */
export function newLink(event: LinkTarget & { readonly origin?: Origin }, id: string): NewEvent {
  const { position } = event.origin ?? event
  return {
    id,
    type: LINK_TYPE,
    schemaVersion: OWN_SCHEMA_VERSION,
    data: `{"position":${position},"id":"${event.id}"}`,
    metadata: '{}',
    tags: [],
  }
}

/** The target of a link, new or stored; undefined for everything that `newLink` has not made. */
export function linkTarget({ type, schemaVersion, data }: NewEvent): LinkTarget | undefined {
  if (type !== LINK_TYPE || schemaVersion !== OWN_SCHEMA_VERSION) return undefined
  const [, position, id] = form.exec(data) ?? []
  if (position === undefined || id === undefined || !Number.isSafeInteger(Number(position))) return undefined
  return { position: Number(position), id }
}

/** A link and what its position holds → what a reader of the link's stream gets; undefined where the event is not there any more. */
export function followed(link: StoredEvent, found: StoredEvent | undefined): StoredEvent | undefined {
  if (found === undefined || found.id !== linkTarget(link)?.id) return undefined
  const { stream, version, position } = found
  return {
    ...found,
    stream: link.stream,
    version: link.version,
    position: link.position,
    origin: { stream, version, position },
  }
}
