import type { StoredEvent } from '@writ/event-store'

// Further than any list of operations comes.
const BEYOND = 1_000_000

/** Where the events of one list stand in one store, whose positions are its own: each event's number in the order of the log. */
export class Places {
  private readonly events: StoredEvent[] = []

  /** @param start where the log ended before the list */
  constructor(private readonly start: number) {}

  get last(): number {
    return this.events.at(-1)?.position ?? this.start
  }

  get count(): number {
    return this.events.length
  }

  add(events: readonly StoredEvent[]): void {
    this.events.push(...events)
  }

  versionOf(stream: string): number {
    return this.events.filter((event) => event.stream === stream).length
  }

  /** A place → the store's position; a place that is none yet lies beyond the log, and what is no place stays what it is. */
  positionAt(place: number): number {
    if (!Number.isSafeInteger(place) || place < 0) return place
    if (place === 0) return this.start
    return this.events[place - 1]?.position ?? this.last + BEYOND
  }

  /** A position → its place; 0 stands for no position at all. */
  placeOf(position: number): number | string {
    if (position === 0) return 'none'
    const index = this.events.findIndex((event) => event.position === position)
    return index === -1 ? `no event of this list: ${position - this.start} beyond its start` : index + 1
  }

  eventAt(position: number): StoredEvent | undefined {
    return this.events.find((event) => event.position === position)
  }
}
