import type { EventTypes, RecordedEvent, StoredEvent } from '@writ/event-store'

/** An event of the log that is decoded when the first subscription wants it, and once. */
export class LogEntry {
  readonly position: number
  readonly type: string
  private content: { stored: StoredEvent } | { event: RecordedEvent } | { error: unknown }

  constructor(
    stored: StoredEvent,
    private readonly types: EventTypes,
  ) {
    this.position = stored.position
    this.type = stored.type
    this.content = { stored }
  }

  /** @throws UndecodableEventError, UnknownEventTypeError, the same at each call */
  get event(): RecordedEvent {
    if ('stored' in this.content) this.content = this.decode(this.content.stored)
    if ('error' in this.content) throw this.content.error
    return this.content.event
  }

  private decode(stored: StoredEvent) {
    try {
      return { event: this.types.decode(stored) }
    } catch (error) {
      return { error }
    }
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
