import type { NewEvent } from './new-event.js'

/** An event as a store gives it back: accepted and placed, its data still the exact JSON text. */
export interface StoredEvent extends NewEvent {
  readonly stream: string
  /** Its place in the stream; the first event has version 1. */
  readonly version: number
  /** Its place in the whole store: positive, unique, growing in the order of visibility; there may be gaps. */
  readonly position: number
  /** When it was stored, by the store's clock; never runs back along the log. */
  readonly createdAt: Date
  /** Of an event that is read by a link: where it stands itself. Stream, version and position are then those of the link. */
  readonly origin?: Origin
}

/** Where an event was written. */
export interface Origin {
  readonly stream: string
  readonly version: number
  readonly position: number
}
