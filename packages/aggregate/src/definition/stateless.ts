import { type AnyCommandClass, type AnyEventClass, isEventClass } from '@writ/event-store'
import { InvalidAggregateError } from '../errors/invalid-aggregate-error.js'
import type { AggregateDefinition, Decide } from './decider.js'

/**
 * What stands in the place of an aggregate for a handler that has none: no state, and the events that the handler may decide.
 *
 * @throws InvalidAggregateError for what is no event class
 */
export function statelessDefinition(
  name: string,
  command: AnyCommandClass,
  events: readonly AnyEventClass[],
  decide: Decide<unknown>,
): AggregateDefinition {
  for (const event of events)
    if (!isEventClass(event)) throw new InvalidAggregateError(name, 'its events must be classes made by Event')
  return {
    name,
    category: '',
    identity: '',
    commands: [command],
    events,
    initialState: () => undefined,
    decide: new Map([[command.type, decide]]),
    evolve: new Map(events.map(({ type }) => [type, (state: unknown) => state])),
    copy: (state) => state,
    snapshots: undefined,
    stateAsJson: { toJson: () => null, fromJson: () => undefined },
    isStateless: true,
  }
}
