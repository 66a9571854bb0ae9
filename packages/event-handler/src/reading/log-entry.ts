import type { EventTypes, RecordedEvent, StoredEvent } from '@writ/event-store'

/** A stored event of the log; what it is today is found out when the first subscription wants it, and once. */
export class LogEntry {
  readonly position: number
  /** The type that it is stored under. */
  readonly type: string
  readonly stream: string
  readonly tags: readonly string[]
  private stored: StoredEvent | undefined
  private decoded: readonly RecordedEvent[] | undefined
  private some: readonly RecordedEvent[] | undefined
  private failure: { readonly error: unknown } | undefined

  constructor(
    stored: StoredEvent,
    private readonly types: EventTypes,
  ) {
    this.position = stored.position
    this.type = stored.type
    this.stream = stored.stream
    this.tags = stored.tags
    this.stored = stored
  }

  /**
   * As a rule one; an older event may have become several, or none.
   *
   * @throws UndecodableEventError, UnknownEventTypeError, the same at each call
   */
  get events(): readonly RecordedEvent[] {
    if (this.decoded) return this.decoded
    if (this.failure) throw this.failure.error
    try {
      this.decoded = this.types.decode(this.stored!)
    } catch (error) {
      this.failure = { error }
      throw error
    } finally {
      this.stored = undefined
    }
    return this.decoded
  }

  /** Those of its events that are for whoever got this entry: all, unless it was made by `only`. */
  get own(): readonly RecordedEvent[] {
    return this.some ?? this.events
  }

  /** The same place in the log, of which some events are for whoever gets it. */
  only(events: readonly RecordedEvent[]): LogEntry {
    const entry: LogEntry = Object.create(this)
    entry.some = events
    return entry
  }
}

/** A piece of the log: what of it concerns a reader, and how far it reaches. */
export interface Portion {
  readonly entries: readonly LogEntry[]
  /** Nothing else up to here, it included, concerns the reader. */
  readonly upTo: number
}

/** About what a stored event takes in memory: characters. */
export const sizeOf = (stored: StoredEvent): number => stored.data.length + stored.metadata.length + 400
