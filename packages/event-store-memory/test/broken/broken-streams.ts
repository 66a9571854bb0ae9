import { hasCode, type StoredEvent } from '@writ/event-store'
import { type BrokenStore, overriding, reading } from './broken-store.js'

/** What a store may do wrong with links and with whole streams. */
export const brokenStreams: readonly BrokenStore[] = [
  {
    does: 'forgets where a linked event comes from',
    area: 'links',
    instead: (sound) => reading(sound, ({ origin: _, ...event }: StoredEvent) => event),
  },
  {
    does: 'gives a linked event at its own place instead of that of the link',
    area: 'links',
    instead: (sound) => reading(sound, (event) => ({ ...event, ...event.origin })),
  },
  {
    does: 'finds nothing in a deleted stream, and says no more',
    area: 'deleting streams',
    instead: (sound) => ({
      async *readStream(stream, options) {
        try {
          yield* sound.readStream(stream, options)
        } catch (error) {
          if (!hasCode(error, 'stream-deleted')) throw error
        }
      },
    }),
  },
  {
    does: 'deletes a stream whatever version is expected',
    area: 'deleting streams',
    instead: (sound) => ({
      streams: overriding(sound.streams, {
        delete: (stream, options) => sound.streams.delete(stream, { ...options, expectedVersion: 'any' }),
      }),
    }),
  },
  {
    does: 'lets a deleted stream begin anew',
    area: 'deleting streams',
    instead: (sound, log) => ({
      streams: overriding(sound.streams, {
        delete: async (stream, options) => {
          const deleted = await sound.streams.delete(stream, options)
          log.tombstones.delete(stream)
          return deleted
        },
      }),
    }),
  },
  {
    does: 'keeps the events that it was to take out',
    area: 'taking events out',
    instead: (sound) => ({
      streams: overriding(sound.streams, {
        delete: (stream, options) => sound.streams.delete(stream, { ...options, hard: false }),
      }),
    }),
  },
  {
    does: 'gives positions out again that were taken out',
    area: 'taking events out',
    instead: (sound, log) => ({
      streams: overriding(sound.streams, {
        delete: async (stream, options) => {
          const deleted = await sound.streams.delete(stream, options)
          if (options?.hard) log.position = log.events.at(-1)?.position ?? 0
          return deleted
        },
      }),
    }),
  },
  {
    does: 'opens closed books again',
    area: 'truncating streams',
    instead: (sound, log) => ({
      streams: overriding(sound.streams, {
        truncate: async (stream, options) => {
          const truncated = await sound.streams.truncate(stream, options)
          log.firstVersions.set(stream, options.before)
          return truncated
        },
      }),
    }),
  },
  {
    does: 'counts versions anew where books were closed',
    area: 'truncating streams',
    instead: (sound, log) =>
      reading(sound, (event) => ({ ...event, version: event.version - (log.firstVersions.get(event.stream) ?? 1) + 1 })),
  },
]
