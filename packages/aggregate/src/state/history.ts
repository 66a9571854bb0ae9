import { eventsOf, type RecordedEvent, UnknownEvent } from '@writ/event-store'
import type { AggregateDefinition } from '../definition/decider.js'
import { applyEvent } from './apply-event.js'
import { checkBeginning } from './closed-books.js'
import { loadState, type StateSource } from './load-state.js'
import { changesBetween, type StateChange } from './state-changes.js'

/** One event of an aggregate's history, and what it did. */
export interface HistoryStep<State> {
  readonly event: RecordedEvent
  readonly before: State
  readonly after: State
  /** The fields in which the two differ. */
  readonly changes: readonly StateChange[]
}

export interface HistoryOptions {
  /** The first event's version: 1 by default. */
  readonly fromVersion?: number
  /** The last event's version, it included; the stream's last by default. */
  readonly toVersion?: number
}

/** The history of one aggregate, event by event; only what no crash can take away. */
export async function* historyOf<State>(
  source: StateSource,
  definition: AggregateDefinition<State>,
  stream: string,
  { fromVersion = 1, toVersion = Number.MAX_SAFE_INTEGER }: HistoryOptions,
): AsyncGenerator<HistoryStep<State>, void, undefined> {
  if (toVersion < fromVersion) return
  let state =
    fromVersion <= 1
      ? definition.initialState()
      : (await loadState(source, definition, stream, { toVersion: fromVersion - 1 })).confirmed.state
  let mayBeClosed = fromVersion <= 1
  for await (const stored of eventsOf(source.store.readStream(stream, { fromVersion, toVersion }))) {
    if (mayBeClosed && stored.version > 1) await checkBeginning(source, stored)
    mayBeClosed = false
    for (const event of source.events.decode(stored)) {
      if (event.data instanceof UnknownEvent) continue
      const before = definition.copy(state)
      state = applyEvent(definition, definition.copy(state), event.data, stream, stored.version, stored.position)
      const after = definition.copy(state)
      yield { event, before, after, changes: changesBetween(before, after) }
    }
  }
}
