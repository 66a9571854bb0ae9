import { type EventStore, eventsOf, streamName } from '@writ/event-store'
import type { AggregateDefinition } from '../definition/decider.js'
import { StateNotToldError } from '../errors/state-not-told-error.js'

/** The state that a row has now, whoever holds its lock; with its version, and the position of the event that made it. */
export async function storedStateOf<State>(store: EventStore, definition: AggregateDefinition<State>, identity: string) {
  const stored = definition.stored!
  const { result: row } = await store.transaction((transaction) => stored.rows.read(transaction, identity))
  if (row === undefined) return { state: definition.initialState(), version: 0, position: 0 }
  const { version } = row
  const state = stored.restore(row.state)
  if (version === 0) return { state, version, position: 0 }
  const stream = streamName(definition.category, identity)
  // It is read durably: whatever can be taken away by a crash is waited for.
  const read = store.readStream(stream, { fromVersion: version, toVersion: version })
  let position = 0
  for await (const event of eventsOf(read)) position = event.position
  return { state, version, position }
}

/** @throws StateNotToldError for a state that no event tells */
export function refuseUntold({ name, stored }: AggregateDefinition, stream: string, what: string): void {
  if (stored?.changedBy === 'decisions') throw new StateNotToldError(name, stream, what)
}
