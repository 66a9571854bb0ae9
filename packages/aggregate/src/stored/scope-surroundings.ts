import type { EventStore, EventTypes, Logger, Runtime } from '@writ/event-store'
import type { ConfirmedState } from '../state/confirmed-state.js'

/** What commands within a transaction take from outside of it. */
export interface ScopeSurroundings {
  readonly store: EventStore
  readonly events: EventTypes
  readonly logger: Logger
  readonly runtime: Runtime
  /** What is known of a stream, as something to go on from. */
  knownOf(stream: string): ConfirmedState | undefined
}
