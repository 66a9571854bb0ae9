import type { AnyEvent } from '@writ/event-store'
import { type Decision, decided } from '../definition/decision.js'
import type { DecisionInSteps } from '../definition/steps.js'
import { applyEvent } from '../state/apply-event.js'
import type { CommandExecution } from './command-execution.js'
import { eventsIn } from './conclude.js'

/**
 * Takes the steps of a decision one after another: the events of each are applied before the next one decides.
 *
 * @param state that of the first step; it stays as it is
 * @param version the stream's version at that state
 * @throws what a step throws; InvalidDecisionError, ApplyFailedError and its kin
 */
export async function runSteps(
  { steps, resultOf }: DecisionInSteps,
  execution: CommandExecution,
  state: unknown,
  version: number,
): Promise<Decision> {
  const { aggregate, stream } = execution
  const events: AnyEvent[] = []
  // Without a prototype: a step may be called anything.
  const done: Record<string, readonly AnyEvent[]> = Object.create(null)
  let current = aggregate.copy(state)
  for (const { name, decide } of steps) {
    const added = eventsIn(await decide(current, done), execution)
    for (const event of added) {
      current = applyEvent(aggregate, current, event, stream, version + events.length + 1, undefined)
      events.push(event)
    }
    done[name] = [...(done[name] ?? []), ...added]
  }
  return resultOf ? decided(events, resultOf(current, done)) : events
}
