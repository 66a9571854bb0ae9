import type { EventStore, Runtime } from '@writ/event-store'
import type { StateSource } from '../state/load-state.js'
import type { AggregateRuntime } from './execute-command.js'
import type { NewStreams } from './new-streams.js'

/** What one aggregate needs from those around it. */
export interface Surroundings extends StateSource {
  readonly store: EventStore
  readonly runtime: Runtime
  readonly newStreams: NewStreams
  /** A command was answered. */
  answered(): void
  /** Nothing is left to do. */
  idle(runtime: AggregateRuntime): void
  /** Something that nobody waits for now, but `stop` does. */
  inBackground(work: Promise<void>): void
}
