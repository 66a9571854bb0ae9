import type { StoredEvent } from '../store/stored-event.js'
import type { Upcaster } from '../upcasting/upcaster.js'
import { nearestName } from './nearest-name.js'
import { WritError } from './writ-error.js'

/** Two classes claim one event type. */
export class DuplicateEventTypeError extends WritError<'duplicate-event-type'> {
  constructor(
    readonly type: string,
    readonly classNames: readonly [string, string],
  ) {
    super(
      'duplicate-event-type',
      `The event type '${type}' is claimed by two classes, ${classNames[0]} and ${classNames[1]}. Rename one of the types.`,
    )
  }
}

/** A stored event has a type that this application has no class for. */
export class UnknownEventTypeError extends WritError<'unknown-event-type'> {
  constructor(
    readonly type: string,
    readonly stream: string,
    readonly version: number,
    readonly position: number,
    known: readonly string[],
  ) {
    const nearest = nearestName(type, known)
    super(
      'unknown-event-type',
      `The event at position ${position} (${stream}, version ${version}) has the type '${type}', which no class of this application claims` +
        `${nearest ? `; the nearest known one is '${nearest}'` : ''}. Register its class, bring back the one that was removed, or add an upcaster that says what such events are today.`,
    )
  }
}

/** A stored event can't be read as the class that claims its type. */
export class UndecodableEventError extends WritError<'undecodable-event'> {
  readonly type: string
  readonly stream: string
  readonly version: number
  readonly position: number
  /** The upcaster that failed, where one did. */
  readonly step: Upcaster | undefined

  constructor(event: StoredEvent, why: string, { cause, step }: { readonly cause?: unknown; readonly step?: Upcaster } = {}) {
    super(
      'undecodable-event',
      `The event '${event.type}' at position ${event.position} (${event.stream}, version ${event.version}) can't be read: ${why}.`,
      cause === undefined ? undefined : { cause },
    )
    this.type = event.type
    this.stream = event.stream
    this.version = event.version
    this.position = event.position
    this.step = step
  }
}
