import {
  type LogRead,
  logRead,
  type ReadAllOptions,
  type ReadStreamOptions,
  type StoredEvent,
  streamRead,
} from '@writ/event-store'
import type { InMemoryLog } from './in-memory-log.js'

type Pages = AsyncGenerator<readonly StoredEvent[], void, undefined>

export async function* readStream(log: InMemoryLog, name: string, options: ReadStreamOptions | undefined): Pages {
  const { fromVersion, toVersion, direction, limit, pageSize } = streamRead(name, options)
  const stream = log.streams.get(name) ?? []
  yield* slices(stream, Math.max(fromVersion - 1, 0), Math.min(toVersion, stream.length), { direction, limit, pageSize })
}

export async function* readAll(log: InMemoryLog, options: ReadAllOptions | undefined): Pages {
  const read = logRead(options)
  const upTo = Math.min(read.upTo, log.events.length)
  if (read.query) yield* matches(log, { ...read, upTo })
  else yield* slices(log.events, read.after, upTo, read)
}

/** The part of a list from one index up to, and without, another: cut into pages, the last one first when read backwards. */
async function* slices(
  events: readonly StoredEvent[],
  from: number,
  to: number,
  { direction, limit, pageSize }: Pick<LogRead, 'direction' | 'limit' | 'pageSize'>,
): Pages {
  const count = Math.min(limit, to - from)
  for (let given = 0; given < count; given += pageSize) {
    const size = Math.min(pageSize, count - given)
    if (direction === 'forwards') yield events.slice(from + given, from + given + size)
    else yield events.slice(to - given - size, to - given).reverse()
  }
}

async function* matches(log: InMemoryLog, { query, after, upTo, direction, limit, pageSize }: LogRead): Pages {
  let remaining = limit
  let page: StoredEvent[] = []
  if (remaining === 0) return
  for (const event of log.index.matching(query!, after, upTo, direction)) {
    page.push(event)
    if (page.length === remaining) break
    if (page.length < pageSize) continue
    yield page
    remaining -= page.length
    page = []
  }
  if (page.length > 0) yield page
}
