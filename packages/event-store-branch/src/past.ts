import {
  type EventStore,
  type ReadAllOptions,
  type ReadStreamOptions,
  type Receipt,
  type ReceiptsAsOf,
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

/** A store as it was at a position, without what the branch has taken out. It is only ever read. */
export class Past {
  private readonly ends = new Map<string, Promise<StreamEnd>>()
  /** Up to which version a stream's events are taken out. */
  private readonly takenOut = new Map<string, number>()

  constructor(
    private readonly store: EventStore,
    private readonly asOf: ReceiptsAsOf,
  ) {}

  get position(): number {
    return this.asOf.position
  }

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

  /** The version from which on a stream is read: one beyond its end where nothing of it is. */
  async firstVersionOf(stream: string): Promise<number> {
    const { version } = await this.endOf(stream)
    if (version === 0) return 1
    const { firstVersion = 1 } = (await this.store.streams.info(stream)) ?? {}
    return Math.min(firstVersion, version + 1)
  }

  /** A link to what is taken out leads nowhere. */
  async *readStream(stream: string, options: ReadStreamOptions): AsyncGenerator<readonly StoredEvent[], void, undefined> {
    for await (const page of this.store.readStream(stream, options))
      yield page.filter(({ origin }) => origin === undefined || !this.isTakenOut(origin))
  }

  async *readAll({ limit, ...options }: ReadAllOptions): AsyncGenerator<readonly StoredEvent[], void, undefined> {
    const read = { ...options, upTo: Math.min(options.upTo ?? this.position, this.position) }
    // What is left out here does not count.
    const isWhole = this.takenOut.size === 0
    let remaining = limit ?? Number.MAX_SAFE_INTEGER
    for await (const events of this.store.readAll({ ...read, ...(isWhole && limit !== undefined && { limit }) })) {
      const page = this.takenOut.size === 0 ? events : events.filter((event) => !this.isTakenOut(event)).slice(0, remaining)
      remaining -= page.length
      if (page.length > 0) yield page
      if (remaining === 0) return
    }
  }

  /** The event at a position; undefined where there is none. */
  async at(position: number): Promise<StoredEvent | undefined> {
    for await (const [event] of this.readAll({ after: position - 1, upTo: position, limit: 1, durable: false })) return event
    return undefined
  }

  async findEvents(ids: readonly string[]): Promise<readonly StoredEvent[]> {
    const found = await this.store.findEvents(ids)
    return found.filter((event) => event.position <= this.position && !this.isTakenOut(event))
  }

  /** What a command had come to then, or at a position before. */
  receipt(commandId: string, position = this.position): Promise<Receipt | undefined> {
    return this.store.receipts.find(commandId, { ...this.asOf, position })
  }

  async snapshot(stream: string, schemaVersion: number): Promise<Snapshot | undefined> {
    const snapshot = await this.store.snapshots.load(stream, schemaVersion)
    return snapshot && snapshot.position <= this.position ? snapshot : undefined
  }

  /** The store keeps them; they are not seen here any more. */
  takeOut(stream: string, upTo: number): void {
    this.takenOut.set(stream, Math.max(upTo, this.takenOut.get(stream) ?? 0))
  }

  private isTakenOut({ stream, version }: Pick<StoredEvent, 'stream' | 'version'>): boolean {
    return version <= (this.takenOut.get(stream) ?? 0)
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
