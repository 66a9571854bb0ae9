import {
  type EventQuery,
  type LiveVersion,
  OWN_SCHEMA_VERSION,
  type Receipt,
  type ReceiptsAsOf,
  type Row,
  type Runtime,
  type Snapshot,
  type SteeringListener,
  type StoredEvent,
  systemRuntime,
} from '@writ/event-store'
import { countUpTo, EventIndex } from './event-index.js'
import { EventsById } from './events-by-id.js'
import { RowLocks } from './row-locks.js'
import type { Subscription } from './subscription.js'

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
  /** @internal All events in their order, and none of Writ's own records. */
  events: readonly StoredEvent[] = []
  /** @internal The last one that was given out. */
  position = 0
  /** @internal What has version v stands at v - 1; undefined where it was taken out. */
  readonly streams = new Map<string, (StoredEvent | undefined)[]>()
  /** @internal The version from which on a stream is read, where its books were closed. */
  readonly firstVersions = new Map<string, number>()
  /** @internal The last records of deleted streams. */
  readonly tombstones = new Map<string, StoredEvent>()
  /** @internal Events and links. */
  readonly eventsById = new EventsById()
  private index = new EventIndex()
  /** @internal */
  readonly receipts = new Map<string, Receipt>()
  /** @internal When those of commands without events came: the log does not tell. */
  readonly receiptMoments = new WeakMap<Receipt, ReceiptsAsOf>()
  /** @internal */
  lastReceiptMoment = 0
  /** @internal Stream → schema version → its newest snapshot. */
  readonly snapshots = new Map<string, Map<number, Snapshot>>()
  /** @internal */
  readonly subscriptions = new Map<string, Subscription>()
  /** @internal An epoch that no subscription has had that was deleted, and neither a later one. */
  epochFloor = 0
  /** @internal Of each projection. */
  readonly liveVersions = new Map<string, LiveVersion>()
  /** @internal Table → key → row: the user's own. */
  readonly tables = new Map<string, Map<string, Row>>()
  /** @internal */
  readonly rowLocks = new RowLocks()
  private readonly listeners = new Set<() => void>()
  private readonly rewindListeners = new Set<() => void>()
  private readonly steeringListeners = new Set<SteeringListener>()
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
    for (const [name, stream] of this.streams) {
      const kept = stream.filter((record) => record === undefined || record.position <= position)
      if (kept.some((record) => record !== undefined)) this.streams.set(name, kept)
      else this.streams.delete(name)
      const firstVersion = Math.min(this.firstVersions.get(name) ?? 1, kept.length)
      if (firstVersion > 1) this.firstVersions.set(name, firstVersion)
      else this.firstVersions.delete(name)
    }
    for (const [name, tombstone] of this.tombstones) if (tombstone.position > position) this.tombstones.delete(name)
    const kept = [...this.streams.values()].flatMap((stream) => stream.filter((record) => record !== undefined))
    kept.sort((one, other) => one.position - other.position)
    this.position = Math.max(0, ...[kept.at(-1), ...this.tombstones.values()].map((record) => record?.position ?? 0))
    this.events = []
    this.eventsById.clear()
    this.index = new EventIndex()
    for (const record of kept) this.enter(record)
    for (const [id, receipt] of this.receipts) {
      const { position: came } = this.receiptMoments.get(receipt) ?? receipt
      if (came > position) this.receipts.delete(id)
    }
    for (const saved of this.snapshots.values()) {
      for (const [version, snapshot] of saved) if (snapshot.position > position) saved.delete(version)
    }
    for (const subscription of this.subscriptions.values()) subscription.rewind(position)
    for (const listener of [...this.rewindListeners]) listener()
  }

  /** The store's clock: that of the runtime, but it never runs back. */
  now(): number {
    return this.date().getTime()
  }

  /** A row of the user's own, as the last commit left it. */
  row(table: string, key: string): Row | undefined {
    return structuredClone(this.tables.get(table)?.get(key))
  }

  /** @internal The same as a date: one object for all that happens in one millisecond. */
  date(): Date {
    const now = this.runtime.now()
    if (now > this.lastDate.getTime()) this.lastDate = new Date(now)
    return this.lastDate
  }

  /** @internal */
  add(event: StoredEvent, stream: (StoredEvent | undefined)[]): void {
    this.position = event.position
    stream.push(event)
    this.enter(event)
  }

  /** @internal The event at a position. */
  at(position: number): StoredEvent | undefined {
    const event = this.events[countUpTo(this.events, position) - 1]
    return event?.position === position ? event : undefined
  }

  /** @internal The events that match, from just beyond one position up to another, in the order of the log or against it. */
  matching(query: EventQuery, after: number, upTo: number, direction: 'forwards' | 'backwards'): Generator<StoredEvent> {
    this.index.catchUp(this.events)
    return this.index.matching(query, after, upTo, direction)
  }

  /** @internal Takes a stream's events up to a version out; whoever reads the log goes on from where it has come to. */
  erase(name: string, upTo: number): void {
    const stream = this.streams.get(name) ?? []
    const gone = new Set(stream.slice(0, upTo).filter((event) => event !== undefined))
    stream.fill(undefined, 0, upTo)
    this.events = this.events.filter((event) => !gone.has(event))
    this.index.remove(gone)
    this.eventsById.remove(gone)
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

  /** @internal */
  onSteered(listener: SteeringListener): () => void {
    this.steeringListeners.add(listener)
    return () => this.steeringListeners.delete(listener)
  }

  /** @internal Tells that someone has steered a subscription. */
  steered(subscription: string): void {
    for (const listener of [...this.steeringListeners]) listener(subscription)
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

  private enter(record: StoredEvent): void {
    this.eventsById.add(record)
    if (record.schemaVersion === OWN_SCHEMA_VERSION) return
    ;(this.events as StoredEvent[]).push(record)
  }
}
