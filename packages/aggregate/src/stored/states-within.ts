import type { AnyEvent, AppendsTogether } from '@writ/event-store'
import type { AggregateDefinition } from '../definition/decider.js'
import type { CommandExecution } from '../execution/command-execution.js'
import { applyEvent } from '../state/apply-event.js'
import { loadState, type StateSource } from '../state/load-state.js'
import { identityIn } from './identity-in.js'
import type { ScopeSurroundings } from './scope-surroundings.js'
import type { StreamWithin } from './stream-within.js'

/** States as a transaction sees them: what is stored, and what it has decided itself. */
export class StatesWithin {
  private readonly source: StateSource

  constructor(
    private readonly transaction: AppendsTogether,
    private readonly surroundings: ScopeSurroundings,
  ) {
    const { store, events, logger } = surroundings
    this.source = {
      events,
      logger,
      store: {
        readStream: (stream, options) => transaction.reads.readStream(stream, options),
        snapshots: {
          load: (stream, version) => transaction.reads.snapshots.load(stream, version),
          delete: (stream) => store.snapshots.delete(stream),
        },
        streams: store.streams,
      },
    }
  }

  /** An event-sourced aggregate's, after all that the transaction appends to its stream. */
  async of(aggregate: AggregateDefinition, stream: StreamWithin): Promise<unknown> {
    if (stream.state) return stream.state.state
    const from = this.surroundings.knownOf(stream.name)
    const { confirmed } = await loadState(this.source, aggregate, stream.name, { from })
    stream.begins(confirmed.version)
    return evolved(aggregate, confirmed.state, stream.instances, stream.name, confirmed.version)
  }

  /** As the stored events tell it; where only the row does, as it is now. */
  async storedAt({ aggregate, stream }: CommandExecution, toVersion: number): Promise<unknown> {
    const { stored } = aggregate
    if (stored?.changedBy !== 'decisions') return (await loadState(this.source, aggregate, stream, { toVersion })).confirmed.state
    const row = await stored.rows.read(this.transaction, identityIn(stream, aggregate))
    return row ? stored.restore(row.state) : aggregate.initialState()
  }
}

/** Events that were appended by hand to a stream on which a command has decided. */
export function takeIn(stream: StreamWithin, instances: readonly AnyEvent[]): void {
  if (!stream.state) return
  const { aggregate, state } = stream.state
  stream.state = { aggregate, state: evolved(aggregate, state, instances, stream.name, stream.version! - instances.length) }
}

/** @param version the stream's before the events */
export function evolved(
  aggregate: AggregateDefinition,
  before: unknown,
  events: readonly AnyEvent[],
  stream: string,
  version: number,
): unknown {
  let state = aggregate.copy(before)
  for (const [index, event] of events.entries())
    state = applyEvent(aggregate, state, event, stream, version + index + 1, undefined)
  return state
}
