import {
  logRead,
  type ReadAllOptions,
  type ReadOptions,
  type ReadStreamOptions,
  type StoredEvent,
  streamRead,
} from '@writ/event-store'

export function streamPages(log: readonly StoredEvent[], stream: string, options?: ReadStreamOptions) {
  // Checks the options and fills in the defaults.
  const read = streamRead(stream, options)
  const { fromVersion, toVersion } = read
  const events = log.filter((event) => event.stream === stream && event.version >= fromVersion && event.version <= toVersion)
  return pages(events, read)
}

export function logPages(log: readonly StoredEvent[], options?: ReadAllOptions) {
  const read = logRead(options)
  return pages(log.slice(read.after, Math.max(read.after, read.upTo)), read)
}

function* pages(events: readonly StoredEvent[], { direction, limit, pageSize }: Required<ReadOptions>) {
  const wanted = (direction === 'forwards' ? events : [...events].reverse()).slice(0, limit)
  for (let given = 0; given < wanted.length; given += pageSize) yield wanted.slice(given, given + pageSize)
}
