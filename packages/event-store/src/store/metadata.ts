import type { JsonObject } from '../messages/plain-json.js'

/** What is known of an event besides what happened. */
export interface EventMetadata {
  /** Shared by everything that follows from one request. */
  readonly correlationId?: string
  /** The id of the direct cause: of the command that decided the event. */
  readonly causationId?: string
  /** The id of what caused that command, such as the event that a handler answered with it; absent when it came from outside. */
  readonly commandCausationId?: string
  /** Who did it, as the application names its users and services. */
  readonly actor?: string
  /** The user's own, apart from what Writ knows of. */
  readonly user?: JsonObject
}
