import type { EventStore, StoredEvent } from '@writ/event-store'
import type { AreaTitle } from '@writ/event-store-conformance'
import type { InMemoryLog } from '../../src/index.js'

/** A store in memory with one thing wrong, and the area of the suite that must notice it. */
export interface BrokenStore {
  /** What it does wrong, as a sentence that goes on from "a store that". */
  readonly does: string
  readonly area: AreaTitle
  /** What it does instead of the sound store, which is given. */
  readonly instead: (sound: EventStore, log: InMemoryLog) => Partial<EventStore>
}

/** The sound store, but for what is done instead. */
export function broken(sound: EventStore, instead: Partial<EventStore>): EventStore {
  return overriding(sound, instead)
}

/** An object that does some things in another way, and the rest as before. */
export function overriding<T extends object>(sound: T, instead: Partial<T>): T {
  return new Proxy(sound, {
    get(target, key) {
      if (key in instead) return instead[key as keyof T]
      const value = target[key as keyof T]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

type Pages = AsyncIterable<readonly StoredEvent[]>

/** Every page changed in a way. */
export async function* changed(pages: Pages, change: (page: readonly StoredEvent[]) => readonly StoredEvent[]): Pages {
  for await (const page of pages) yield change(page)
}

/** Every event changed in a way. */
function each(pages: Pages, change: (event: StoredEvent) => StoredEvent): Pages {
  return changed(pages, (page) => page.map(change))
}

/** Both reads, each event changed in a way. */
export function reading(
  sound: EventStore,
  change: (event: StoredEvent) => StoredEvent,
): Pick<EventStore, 'readStream' | 'readAll'> {
  return {
    readStream: (stream, options) => each(sound.readStream(stream, options), change),
    readAll: (options) => each(sound.readAll(options), change),
  }
}
