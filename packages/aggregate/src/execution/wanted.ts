import { eventsOf as allOf, type RecordedEvent } from '@writ/event-store'
import { CommittedNotToldError } from '../errors/execution-errors.js'
import { loadState } from '../state/load-state.js'
import { identityIn } from '../stored/identity-in.js'
import { storedStateOf } from '../stored/stored-state-of.js'
import type { CommandExecution, Executed } from './command-execution.js'
import type { Surroundings } from './surroundings.js'

type Source = Pick<Surroundings, 'store' | 'events' | 'logger'>

/**
 * What a command came to, with what its sender wants to know besides and the aggregate did not have at hand.
 *
 * @throws CommittedNotToldError where that can't be read: it is stored all the same
 */
export async function withWanted(source: Source, execution: CommandExecution, executing: Promise<Executed>): Promise<Executed> {
  const executed = await executing
  try {
    return await completed(source, execution, executed)
  } catch (error) {
    const { stream, commandId, version, position } = executed
    throw new CommittedNotToldError(stream, commandId, version, position, execution.wants ?? 'events', error)
  }
}

async function completed(source: Source, { wants, tellsTypes, aggregate }: CommandExecution, done: Executed): Promise<Executed> {
  let executed = done
  if (wants === 'events') executed = { ...executed, events: await eventsOf(source, executed) }
  // A repetition is answered by a receipt, or by an execution that was not asked.
  if (tellsTypes && executed.types === undefined) {
    const events = executed.events ?? (await eventsOf(source, executed))
    executed = { ...executed, types: events.map(({ type }) => type) }
  }
  if (wants !== 'state' || 'state' in executed || aggregate.isStateless) return executed
  const { stream, version } = executed
  if (aggregate.stored?.changedBy === 'decisions') {
    const { state } = await storedStateOf(source.store, aggregate, identityIn(stream, aggregate))
    return { ...executed, state }
  }
  const { confirmed } = await loadState(source, aggregate, stream, { toVersion: version })
  return { ...executed, state: aggregate.copy(confirmed.state) }
}

async function eventsOf(
  { store, events: types }: Source,
  { stream, version, eventCount }: Executed,
): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = []
  if (eventCount === 0) return events
  const read = store.readStream(stream, { fromVersion: version - eventCount + 1, toVersion: version, durable: false })
  for await (const stored of allOf(read)) events.push(...types.decode(stored))
  return events
}
