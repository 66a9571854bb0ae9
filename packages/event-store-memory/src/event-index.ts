import { type EventQuery, matchesQuery, type StoredEvent } from '@writ/event-store'

/** Events in the order of the log, found by their position. */
type Ordered = readonly StoredEvent[]

const none: Ordered = []

/**
 * Finds events by what a query names, without looking through the log. It is brought up to date when somebody asks: appends of which nobody
 * asks pay nothing for it.
 */
export class EventIndex {
  /** That of the last event that it knows. */
  private position = 0
  private readonly byType = new Map<string, StoredEvent[]>()
  private readonly byTag = new Map<string, StoredEvent[]>()

  /** @param log all events in their order */
  catchUp(log: Ordered): void {
    for (let next = countUpTo(log, this.position); next < log.length; next++) this.add(log[next]!)
    this.position = log.at(-1)?.position ?? this.position
  }

  remove(gone: ReadonlySet<StoredEvent>): void {
    const without = (lists: Map<string, StoredEvent[]>, names: ReadonlySet<string>) => {
      for (const name of names) {
        const left = (lists.get(name) ?? []).filter((event) => !gone.has(event))
        if (left.length > 0) lists.set(name, left)
        else lists.delete(name)
      }
    }
    without(this.byType, new Set([...gone].map(({ type }) => type)))
    without(this.byTag, new Set([...gone].flatMap(({ tags }) => tags)))
  }

  /** The events that match, from just beyond one position up to another, in the order of the log or against it. */
  *matching(query: EventQuery, after: number, upTo: number, direction: 'forwards' | 'backwards'): Generator<StoredEvent> {
    const step = direction === 'forwards' ? 1 : -1
    const cursors = this.candidates(query).map((events) => {
      const first = countUpTo(events, after)
      // Bounds that hold nothing between them may come in the wrong order.
      const end = Math.max(first, countUpTo(events, upTo))
      return direction === 'forwards' ? { events, next: first, end } : { events, next: end - 1, end: first - 1 }
    })
    for (;;) {
      let nearest: StoredEvent | undefined
      for (const { events, next, end } of cursors) {
        if (next === end) continue
        const event = events[next]!
        if (nearest === undefined || (event.position - nearest.position) * step < 0) nearest = event
      }
      if (nearest === undefined) return
      // An event with two of the tags stands in both lists.
      for (const cursor of cursors) if (cursor.next !== cursor.end && cursor.events[cursor.next] === nearest) cursor.next += step
      if (matchesQuery(query, nearest)) yield nearest
    }
  }

  private add(event: StoredEvent): void {
    listOf(this.byType, event.type).push(event)
    if (event.tags.length === 0) return
    for (const tag of new Set(event.tags)) listOf(this.byTag, tag).push(event)
  }

  /** Lists that hold every matching event between them: an item's shortest tag list, or else those of its types. */
  private candidates(query: EventQuery): Ordered[] {
    const lists = new Set<Ordered>()
    for (const { types = [], tags = [] } of query.items) {
      if (tags.length > 0) lists.add(shortest(tags.map((tag) => this.byTag.get(tag) ?? none)))
      else for (const type of types) lists.add(this.byType.get(type) ?? none)
    }
    return [...lists]
  }
}

/** How many of the events stand at this position or before it. */
export function countUpTo(events: Ordered, position: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (events[middle]!.position <= position) low = middle + 1
    else high = middle
  }
  return low
}

function shortest(lists: readonly Ordered[]): Ordered {
  return lists.reduce((least, list) => (list.length < least.length ? list : least))
}

function listOf(lists: Map<string, StoredEvent[]>, key: string): StoredEvent[] {
  const known = lists.get(key)
  if (known) return known
  const list: StoredEvent[] = []
  lists.set(key, list)
  return list
}
