import { type EventStore, type EventTypes, eventsOf } from '@writ/event-store'
import { InvalidSubscriptionError } from '../errors/definition-errors.js'
import type { LiveProjectionDefinition } from './live-projection.js'

/** A live projection's state, and the position of the log that it is as of. */
export interface LiveState<State> {
  readonly state: State
  readonly position: number
}

export interface LiveRead {
  readonly store: EventStore
  readonly types: EventTypes
  /** Up to this position, it included: the head by default. */
  readonly upTo?: number
  /** Only events that have these tags as well. */
  readonly tags?: readonly string[]
}

/**
 * Folds the events that concern a live projection, page by page: what is kept is the state, and one page of events.
 *
 * @throws InvalidSubscriptionError for an event that `types` does not know
 * @throws UnknownEventTypeError, UndecodableEventError for what can't be read, and whatever a handler throws
 */
export async function foldLive<State>(
  { source, events, categories, tags: ownTags, begin }: LiveProjectionDefinition<State>,
  { store, types, upTo, tags = [] }: LiveRead,
): Promise<LiveState<State>> {
  const known = new Set(types.known)
  const unknown = events.find((event) => !known.has(event))
  if (unknown)
    throw new InvalidSubscriptionError(source, `it handles '${unknown.type}', which no module of the application lists`)
  const position = upTo ?? (await store.head()).position
  const allTags = [...new Set([...ownTags, ...tags])]
  const query = types.storedQuery({
    items: [{ types: events.map(({ type }) => type), ...(allTags.length > 0 && { tags: allTags }) }],
  })
  const { state, handlers } = begin()
  const log = store.readAll({ upTo: position, query, ...(categories.length > 0 && { category: categories }) })
  for await (const stored of eventsOf(log)) {
    for (const recorded of types.decode(stored)) {
      // What an older event has become may concern nobody here.
      const returned = handlers.get(recorded.type)?.(recorded)
      if (typeof returned === 'object' && returned !== null) await returned
    }
  }
  return { state: state(), position }
}
