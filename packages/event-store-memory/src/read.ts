import {
  checkIds,
  deletedError,
  followed,
  LINK_TYPE,
  type LogRead,
  linkTarget,
  logRead,
  matchesQuery,
  OWN_SCHEMA_VERSION,
  type ReadAllOptions,
  type ReadStreamOptions,
  type StoredEvent,
  streamRead,
} from '@writ/event-store'
import { countUpTo } from './event-index.js'
import type { InMemoryLog } from './in-memory-log.js'
import { isNarrowed, passes } from './narrowed.js'

type Pages = AsyncGenerator<readonly StoredEvent[], void, undefined>

/** @throws StreamDeletedError */
export function refuseDeleted(log: InMemoryLog, name: string): void {
  const tombstone = log.tombstones.get(name)
  const error = tombstone && deletedError(tombstone)
  if (error) throw error
}

export async function* readStream(log: InMemoryLog, name: string, options: ReadStreamOptions | undefined): Pages {
  const { fromVersion, toVersion, direction, limit, pageSize } = streamRead(name, options)
  if (limit === 0 || fromVersion > toVersion) return
  refuseDeleted(log, name)
  let from = fromVersion
  let upTo = Math.min(toVersion, log.streams.get(name)?.length ?? 0)
  for (let remaining = limit; remaining > 0; ) {
    // Between two pages the books may be closed, or the stream deleted.
    refuseDeleted(log, name)
    const stream = log.streams.get(name) ?? []
    from = Math.max(from, log.firstVersions.get(name) ?? 1)
    if (from > upTo) return
    const size = Math.min(pageSize, remaining)
    const isForwards = direction === 'forwards'
    const first = isForwards ? from : Math.max(from, upTo - size + 1)
    const last = isForwards ? Math.min(upTo, from + size - 1) : upTo
    if (isForwards) from = last + 1
    else upTo = first - 1
    const page = readable(log, stream.slice(first - 1, last))
    if (page.length === 0) continue
    remaining -= page.length
    yield isForwards ? page : page.reverse()
  }
}

/** What a stream holds → what a reader gets: events in place of the links to them, and nothing in place of what was taken out. */
export function readable(log: InMemoryLog, records: readonly (StoredEvent | undefined)[]): StoredEvent[] {
  const events: StoredEvent[] = []
  for (const record of records) {
    if (record === undefined) continue
    const event = record.type === LINK_TYPE ? followed(record, log.at(linkTarget(record)!.position)) : record
    if (event) events.push(event)
  }
  return events
}

/** Events and links by their ids, in the order of the log. */
export function findEvents(log: InMemoryLog, ids: readonly string[]): readonly StoredEvent[] {
  checkIds(ids)
  const found = [...new Set(ids)].flatMap((id) => log.eventsById.get(id) ?? [])
  return found.sort((one, other) => one.position - other.position)
}

export async function* readAll(log: InMemoryLog, options: ReadAllOptions | undefined): Pages {
  const read = logRead(options)
  const upTo = Math.min(read.upTo, log.position)
  if (isNarrowed(read)) yield* matches(log, { ...read, upTo })
  else yield* logPages(log, { ...read, upTo })
}

/** Page after page of the log; each is looked up by its position, for events may have been taken out meanwhile. */
async function* logPages(log: InMemoryLog, read: LogRead): Pages {
  const { direction, limit, pageSize } = read
  let { after, upTo } = read
  for (let remaining = limit; remaining > 0; ) {
    const from = countUpTo(log.events, after)
    const to = countUpTo(log.events, upTo)
    const size = Math.min(pageSize, remaining, to - from)
    if (size <= 0) return
    const page = direction === 'forwards' ? log.events.slice(from, from + size) : log.events.slice(to - size, to).reverse()
    const last = page.at(-1)!.position
    if (direction === 'forwards') after = last
    else upTo = last - 1
    remaining -= size
    yield page
  }
}

async function* matches(log: InMemoryLog, read: LogRead): Pages {
  const { query, after, upTo, direction, limit, pageSize } = read
  const candidates = read.stream
    ? ofStreams(log, read.stream, read)
    : query
      ? log.matching(query, after, upTo, direction)
      : between(log.events, read)
  let remaining = limit
  let page: StoredEvent[] = []
  if (remaining === 0) return
  for (const event of candidates) {
    // It may have been taken out since the search began.
    if (log.eventsById.get(event.id) !== event || !passes(event, read)) continue
    page.push(event)
    if (page.length === remaining) break
    if (page.length < pageSize) continue
    yield page
    remaining -= page.length
    page = []
  }
  if (page.length > 0) yield page
}

/** The same of some streams, those that match the query. */
function ofStreams(log: InMemoryLog, streams: readonly string[], { query, after, upTo, direction }: LogRead): StoredEvent[] {
  const found: StoredEvent[] = []
  for (const name of new Set(streams)) {
    for (const record of log.streams.get(name) ?? []) {
      if (!record || record.schemaVersion === OWN_SCHEMA_VERSION || record.position <= after || record.position > upTo) continue
      if (!query || matchesQuery(query, record)) found.push(record)
    }
  }
  const step = direction === 'forwards' ? 1 : -1
  return found.sort((one, other) => (one.position - other.position) * step)
}

/** The events from just beyond one position up to another, in the order of the log or against it. */
function* between(
  events: readonly StoredEvent[],
  { after, upTo, direction }: Pick<LogRead, 'after' | 'upTo' | 'direction'>,
): Generator<StoredEvent> {
  // By positions, not by indexes: events may be taken out between two pages.
  for (let place = direction === 'forwards' ? after : upTo; ; ) {
    const index = direction === 'forwards' ? countUpTo(events, place) : countUpTo(events, place) - 1
    const event = events[index]
    if (event === undefined || event.position > upTo || event.position <= after) return
    yield event
    place = direction === 'forwards' ? event.position : event.position - 1
  }
}
