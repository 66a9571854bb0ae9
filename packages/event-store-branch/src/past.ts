import {
  type EventQuery,
  type EventStore,
  type ReadAllOptions,
  type ReadStreamOptions,
  type Receipt,
  type Snapshot,
  type StoredEvent,
} from '@writ/event-store'

/** Where a stream ended. */
export interface StreamEnd {
  /** 0 where it was absent. */
  readonly version: number
  readonly position: number
}

const absent: StreamEnd = Object.freeze({ version: 0, position: 0 })

/** A store as it was at a position. It is only ever read. */
export class Past {
  private readonly ends = new Map<string, Promise<StreamEnd>>()

  constructor(
    private readonly store: EventStore,
    readonly position: number,
  ) {}

  /** Where a stream ended then. It is remembered: the past does not change. */
  endOf(stream: string): Promise<StreamEnd> {
    let end = this.ends.get(stream)
    if (!end) {
      end = this.find(stream)
      // One that could not be read is asked for again.
      end.catch(() => this.ends.delete(stream))
      this.ends.set(stream, end)
    }
    return end
  }

  readStream(stream: string, options: ReadStreamOptions): AsyncIterable<readonly StoredEvent[]> {
    return this.store.readStream(stream, options)
  }

  readAll(options: ReadAllOptions): AsyncIterable<readonly StoredEvent[]> {
    return this.store.readAll({ ...options, upTo: Math.min(options.upTo ?? this.position, this.position) })
  }

  /** The position of an event after this one that matches. */
  async match(query: EventQuery, after: number): Promise<number | undefined> {
    if (after >= this.position) return undefined
    for await (const [event] of this.readAll({ query, after, limit: 1, durable: false })) return event?.position
    return undefined
  }

  async receipt(commandId: string): Promise<Receipt | undefined> {
    const receipt = await this.store.receipts.find(commandId)
    return receipt && receipt.position <= this.position ? receipt : undefined
  }

  async snapshot(stream: string, schemaVersion: number): Promise<Snapshot | undefined> {
    const snapshot = await this.store.snapshots.load(stream, schemaVersion)
    return snapshot && snapshot.position <= this.position ? snapshot : undefined
  }

  private async find(stream: string): Promise<StreamEnd> {
    const last = await this.event(stream, { direction: 'backwards' })
    if (!last || last.position <= this.position) return last ?? absent
    // Positions grow along a stream: a few single reads find the place.
    let end: StreamEnd = absent
    let later = last.version
    while (later - end.version > 1) {
      const event = await this.event(stream, { fromVersion: Math.floor((end.version + later) / 2) })
      if (event && event.position <= this.position) end = event
      else later = Math.min(event?.version ?? later, Math.floor((end.version + later) / 2))
    }
    return { version: end.version, position: end.position }
  }

  private async event(stream: string, options: ReadStreamOptions): Promise<StoredEvent | undefined> {
    for await (const [event] of this.store.readStream(stream, { ...options, limit: 1, durable: false })) return event
    return undefined
  }
}
