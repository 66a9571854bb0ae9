import { eventClassOf } from '@writ/event-store'
import type { ConfirmedState } from '../state/confirmed-state.js'
import type { Executed } from './command-execution.js'
import type { PendingCommand } from './pending-command.js'

/**
 * What a command came to that was accepted.
 *
 * @param version the stream's after it
 * @param position of its last event, or of the stream's where it has none
 */
export function executedOf(
  { execution, events, answer }: PendingCommand,
  version: number,
  position: number,
  confirmed: ConfirmedState,
): Executed {
  const { commandId, stream } = execution
  const told = { commandId, stream, version, position, eventCount: events.length, result: answer, repeated: false }
  const executed = execution.tellsTypes ? { ...told, types: events.map((event) => eventClassOf(event).type) } : told
  if (execution.wants !== 'state') return executed
  try {
    return { ...executed, state: execution.aggregate.copy(confirmed.state) }
  } catch {
    // What is stored is stored; whoever wants the state loads it, and learns why there is none.
    return executed
  }
}
