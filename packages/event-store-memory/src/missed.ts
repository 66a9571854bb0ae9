import type { ExpectedVersion, StoredEvent } from '@writ/event-store'
import type { InMemoryLog } from './in-memory-log.js'
import { readable } from './read.js'

const MAX_MISSED = 100

/** The events of a stream that are beyond an expected version; undefined where there are too many, or some are not read any more. */
export function missedBy(log: InMemoryLog, name: string, expected: ExpectedVersion): readonly StoredEvent[] | undefined {
  const stream = log.streams.get(name) ?? []
  const known = typeof expected === 'number' ? expected : expected === 'no-stream' ? 0 : stream.length
  if (stream.length <= known) return []
  const isClosed = log.tombstones.has(name) || known + 1 < (log.firstVersions.get(name) ?? 1)
  return isClosed || stream.length - known > MAX_MISSED ? undefined : readable(log, stream.slice(known))
}
