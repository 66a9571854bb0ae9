import type { Brand } from './message.js'
import type { Json } from './plain-json.js'

/** A stored event whose type the application does not know, as it is handed out where `unknownEvents` is `'pass'`. */
export interface UnknownEvent extends Brand<'event', string> {
  /** The type that it is stored under. */
  readonly type: string
  readonly schemaVersion: number
  /** As it is stored. */
  readonly data: Json
}

export const UnknownEvent: new (type: string, schemaVersion: number, data: Json) => UnknownEvent = class UnknownEvent {
  constructor(
    readonly type: string,
    readonly schemaVersion: number,
    readonly data: Json,
  ) {
    Object.freeze(this)
  }
} as never
