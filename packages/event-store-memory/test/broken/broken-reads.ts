import type { StoredEvent } from '@writ/event-store'
import { type BrokenStore, changed, reading } from './broken-store.js'

const reparsed = (text: string) => JSON.stringify(JSON.parse(text))

/** What a store may do wrong when it gives events out. */
export const brokenReads: readonly BrokenStore[] = [
  {
    does: 'finds events in the order in which it is asked for them',
    area: 'finding events by their ids',
    instead: (sound) => ({
      findEvents: async (ids) => {
        const found = await sound.findEvents(ids)
        return [...new Set(ids)].flatMap((id) => found.filter((event) => event.id === id))
      },
    }),
  },
  {
    does: 'finds no links',
    area: 'finding events by their ids',
    instead: (sound) => ({ findEvents: async (ids) => (await sound.findEvents(ids)).filter(({ type }) => type !== '$link') }),
  },
  {
    does: 'writes JSON in its own way',
    area: 'payloads',
    instead: (sound) => reading(sound, (event) => ({ ...event, data: reparsed(event.data) })),
  },
  {
    does: 'writes metadata in its own way',
    area: 'payloads',
    instead: (sound) => reading(sound, (event) => ({ ...event, metadata: reparsed(event.metadata) })),
  },
  {
    does: 'composes letters and accents',
    area: 'payloads',
    instead: (sound) => reading(sound, (event) => ({ ...event, data: event.data.normalize('NFC') })),
  },
  {
    does: 'sorts tags',
    area: 'queries',
    instead: (sound) => reading(sound, (event) => ({ ...event, tags: [...event.tags].sort() })),
  },
  {
    does: 'forgets schema versions',
    area: 'appending',
    instead: (sound) => reading(sound, (event) => ({ ...event, schemaVersion: 1 })),
  },
  {
    does: 'takes streams for one that differ in case only',
    area: 'appending',
    instead: (sound) => ({
      append: (append) =>
        sound.append(typeof append.stream === 'string' ? { ...append, stream: append.stream.toLowerCase() } : append),
      readStream: (stream, options) => sound.readStream(typeof stream === 'string' ? stream.toLowerCase() : stream, options),
    }),
  },
  {
    does: 'dates events by a clock that runs back',
    area: 'appending',
    instead: (sound) => reading(sound, (event) => ({ ...event, createdAt: new Date(2e12 - event.position) })),
  },
  {
    does: 'gives the first page twice',
    area: 'reading streams',
    instead: (sound) => ({
      async *readStream(stream, options) {
        let isFirst = true
        for await (const page of sound.readStream(stream, options)) {
          if (isFirst) yield page
          isFirst = false
          yield page
        }
      },
    }),
  },
  {
    does: 'skips an event between two pages',
    area: 'reading streams',
    instead: (sound) => ({
      async *readStream(stream, options) {
        let isFirst = true
        for await (const page of sound.readStream(stream, options)) {
          const rest = isFirst ? page : page.slice(1)
          isFirst = false
          if (rest.length > 0) yield rest
        }
      },
    }),
  },
  {
    does: 'gives empty pages',
    area: 'reading streams',
    instead: (sound) => ({
      async *readStream(stream, options) {
        yield* sound.readStream(stream, options)
        yield []
      },
    }),
  },
  {
    does: 'gives pages as large as it likes',
    area: 'reading streams',
    instead: (sound) => ({ readStream: (stream, options) => sound.readStream(stream, { ...options, pageSize: 1_000 }) }),
  },
  {
    does: 'counts the limit by pages',
    area: 'reading streams',
    instead: (sound) => ({
      async *readStream(stream, { limit, ...options } = {}) {
        let given = 0
        for await (const page of sound.readStream(stream, options)) {
          if (given >= (limit ?? Number.POSITIVE_INFINITY)) return
          yield page
          given += page.length
        }
      },
    }),
  },
  {
    does: 'reads forwards when asked to read backwards',
    area: 'reading streams',
    instead: (sound) => ({
      readStream: (stream, options) =>
        sound.readStream(stream, options?.direction === 'backwards' ? { ...options, direction: 'forwards' } : options),
    }),
  },
  {
    does: 'turns each page when it reads backwards',
    area: 'reading streams',
    instead: (sound) => ({
      readStream: (stream, options) => {
        const pages = sound.readStream(stream, options)
        return options?.direction === 'backwards' ? changed(pages, (page) => [...page].reverse()) : pages
      },
    }),
  },
  {
    does: 'takes the bounds the other way round when it reads backwards',
    area: 'reading streams',
    instead: (sound) => ({
      readStream: (stream, options) => {
        if (options?.direction !== 'backwards') return sound.readStream(stream, options)
        const { fromVersion, toVersion, ...rest } = options
        return sound.readStream(stream, {
          ...rest,
          ...(toVersion !== undefined && { fromVersion: toVersion }),
          ...(fromVersion !== undefined && { toVersion: fromVersion }),
        })
      },
    }),
  },
  {
    does: 'leaves out the last version of the bounds',
    area: 'reading streams',
    instead: (sound) => ({
      readStream: (stream, options) =>
        sound.readStream(stream, options?.toVersion ? { ...options, toVersion: options.toVersion - 1 } : options),
    }),
  },
  {
    does: 'gives the event at `after` once more',
    area: 'reading the log',
    instead: (sound) => ({
      readAll: (options) => sound.readAll(options?.after ? { ...options, after: options.after - 1 } : options),
    }),
  },
  {
    does: 'leaves out the last event of the log',
    area: 'reading the log',
    instead: (sound) => ({
      async *readAll(options) {
        const { position } = await sound.head()
        yield* sound.readAll({ ...options, upTo: Math.min(options?.upTo ?? position, position - 1) })
      },
    }),
  },
  {
    does: 'gives the log stream by stream',
    area: 'reading the log',
    instead: (sound) => ({
      readAll: (options) => changed(sound.readAll(options), (page) => [...page].sort((a, b) => (a.stream < b.stream ? -1 : 1))),
    }),
  },
  {
    does: 'ignores `upTo`',
    area: 'reading the log',
    instead: (sound) => ({ readAll: ({ upTo: _, ...options } = {}) => sound.readAll(options) }),
  },
  {
    does: 'tells of a head that is one too far',
    area: 'reading the log',
    instead: (sound) => ({
      head: async () => {
        const { position, incarnation } = await sound.head()
        return { position: position + 1, incarnation }
      },
    }),
  },
  {
    does: 'shows a later event before an earlier one',
    area: 'reading behind writers',
    instead: (sound) => ({
      // Every seventh event turns up only when it is no longer among the newest.
      async *readAll(options) {
        const { position: head } = await sound.head()
        for await (const page of sound.readAll(options)) {
          const shown = page.filter(({ position }) => position % 7 !== 0 || position < head - 3)
          if (shown.length > 0) yield shown
        }
      },
    }),
  },
  {
    does: 'keeps what it has read once',
    area: 'reading the log',
    instead: (sound) => {
      const kept = new Map<string, Promise<StoredEvent[]>>()
      return {
        async *readStream(stream, options) {
          yield* sound.readStream(stream, options)
        },
        async *readAll(options) {
          const key = JSON.stringify({ ...options, after: 0 })
          const read = async () => {
            const events: StoredEvent[] = []
            for await (const page of sound.readAll(options)) events.push(...page)
            return events
          }
          if (!kept.has(key)) kept.set(key, read())
          const events = await kept.get(key)!
          if (events.length > 0) yield events
        },
      }
    },
  },
  {
    does: 'asks of an event any of the tags of a query',
    area: 'queries',
    instead: (sound) => ({
      readAll: ({ query, ...options } = {}) => {
        if (!query) return sound.readAll(options)
        const items = query.items.flatMap(({ tags, ...item }) =>
          tags && tags.length > 0 ? tags.map((tag) => ({ ...item, tags: [tag] })) : [{ ...item, ...(tags && { tags }) }],
        )
        return sound.readAll({ ...options, query: { items } })
      },
    }),
  },
  {
    does: 'ignores types where a query names tags',
    area: 'queries',
    instead: (sound) => ({
      readAll: ({ query, ...options } = {}) =>
        sound.readAll({
          ...options,
          ...(query && {
            query: {
              items: query.items.map(({ types, tags }) =>
                tags?.length ? { tags } : { ...(types && { types }), ...(tags && { tags }) },
              ),
            },
          }),
        }),
    }),
  },
  {
    does: 'gives an event once for each item that it matches',
    area: 'queries',
    instead: (sound) => ({
      async *readAll({ query, ...options } = {}) {
        if (!query || query.items.length < 2) yield* sound.readAll({ ...options, ...(query && { query }) })
        else for (const item of query.items) yield* sound.readAll({ ...options, query: { items: [item] } })
      },
    }),
  },
  {
    does: 'gives only the tags that were asked for',
    area: 'queries',
    instead: (sound) => ({
      readAll: (options) => {
        const asked = options?.query?.items.flatMap(({ tags = [] }) => tags)
        return changed(sound.readAll(options), (page) =>
          asked?.length ? page.map((event) => ({ ...event, tags: event.tags.filter((tag) => tag === asked[0]) })) : page,
        )
      },
    }),
  },
  {
    does: 'takes a malformed limit for none',
    area: 'bad input',
    instead: (sound) => ({
      readStream: (stream, options) =>
        sound.readStream(stream, options?.limit === undefined || options.limit >= 0 ? options : { ...options, limit: 10 }),
    }),
  },
]
