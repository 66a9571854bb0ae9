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
}
