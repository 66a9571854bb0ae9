import type { StoredEvent } from '@writ/event-store'

/** Finds events and links by their ids. */
export class EventsById {
  /**
   * Each with an id beyond the one before it: as a rule all of them, for ids are made in the order of time. So a new id is known to be
   * new by one comparison, and a busy log keeps no map of all that it holds.
   */
  private ascending: StoredEvent[] = []
  private highest = ''
  private readonly others = new Map<string, StoredEvent>()

  get(id: string): StoredEvent | undefined {
    return id > this.highest ? undefined : (this.others.get(id) ?? this.amongAscending(id))
  }

  add(event: StoredEvent): void {
    const { id } = event
    if (id > this.highest) {
      this.ascending.push(event)
      this.highest = id
    } else this.others.set(id, event)
  }

  remove(gone: ReadonlySet<StoredEvent>): void {
    this.ascending = this.ascending.filter((event) => !gone.has(event))
    for (const { id } of gone) this.others.delete(id)
  }

  clear(): void {
    this.ascending = []
    this.highest = ''
    this.others.clear()
  }

  private amongAscending(id: string): StoredEvent | undefined {
    const { ascending } = this
    let low = 0
    let high = ascending.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ascending[middle]!.id < id) low = middle + 1
      else high = middle
    }
    return ascending[low]?.id === id ? ascending[low] : undefined
  }
}
