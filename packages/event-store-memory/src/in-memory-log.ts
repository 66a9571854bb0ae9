import { type Receipt, type Runtime, type Snapshot, type StoredEvent, systemRuntime } from '@writ/event-store'
import { EventIndex } from './event-index.js'
import type { Partition } from './partition.js'

export interface InMemoryLogOptions {
  /** Whose clock is the store's clock, and who draws the incarnation; the system's by default. */
  readonly runtime?: Runtime
}

/**
 * What a database would hold. Several store objects that share one stand for several processes on one database.
 *
 * @example const log = new InMemoryLog(); const [here, there] = [inMemoryEventStore({ log }), inMemoryEventStore({ log })]
 */
export class InMemoryLog {
  readonly runtime: Runtime
  readonly incarnation: string
  /** @internal The event at position p stands at p - 1. */
  readonly events: StoredEvent[] = []
  /** @internal The event with version v stands at v - 1. */
  readonly streams = new Map<string, StoredEvent[]>()
  /** @internal */
  readonly eventsById = new Map<string, StoredEvent>()
  /** @internal */
  index = new EventIndex()
  /** @internal */
  readonly receipts = new Map<string, Receipt>()
  /** @internal Stream → schema version → its newest snapshot. */
  readonly snapshots = new Map<string, Map<number, Snapshot>>()
  /** @internal */
  readonly subscriptions = new Map<string, readonly Partition[]>()
  private readonly listeners = new Set<() => void>()
  private readonly rewindListeners = new Set<() => void>()
  private lastDate = new Date(0)
  private isWakingUp = false

  constructor({ runtime = systemRuntime }: InMemoryLogOptions = {}) {
    this.runtime = runtime
    this.incarnation = runtime.uuid()
  }

  /**
   * Takes away whatever came after a position, as a restored backup would. Stores that had been told of more refuse everything then,
   * with a LogRewoundError, until they are stopped and started.
   */
  rewind(position: number): void {
    const kept = this.events.filter((event) => event.position <= position)
    this.events.length = 0
    this.streams.clear()
    this.eventsById.clear()
    this.index = new EventIndex()
    for (const event of kept) {
      const stream = this.streams.get(event.stream) ?? []
      this.streams.set(event.stream, stream)
      this.add(event, stream)
    }
    for (const [id, receipt] of this.receipts) if (receipt.position > position) this.receipts.delete(id)
    for (const saved of this.snapshots.values()) {
      for (const [version, snapshot] of saved) if (snapshot.position > position) saved.delete(version)
    }
    for (const partition of [...this.subscriptions.values()].flat()) partition.rewind(position)
    for (const listener of [...this.rewindListeners]) listener()
  }

  /** The store's clock: that of the runtime, but it never runs back. */
  now(): number {
    return this.date().getTime()
  }

  /** @internal The same as a date: one object for all that happens in one millisecond. */
  date(): Date {
    const now = this.runtime.now()
    if (now > this.lastDate.getTime()) this.lastDate = new Date(now)
    return this.lastDate
  }

  /** @internal */
  add(event: StoredEvent, stream: StoredEvent[]): void {
    this.events.push(event)
    stream.push(event)
    this.eventsById.set(event.id, event)
    this.index.add(event)
  }

  /** @internal */
  onAppended(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** @internal */
  onRewound(listener: () => void): () => void {
    this.rewindListeners.add(listener)
    return () => this.rewindListeners.delete(listener)
  }

  /** @internal Tells the listeners once for all appends of one turn: a busy log would otherwise do little else. */
  wakeUp(): void {
    if (this.isWakingUp || this.listeners.size === 0) return
    this.isWakingUp = true
    queueMicrotask(() => {
      this.isWakingUp = false
      for (const listener of [...this.listeners]) listener()
    })
  }
}
