import { eventsOf, matchesQuery, type RecordedEvent } from '@writ/event-store'
import type { Handling } from '../definition/decider.js'
import type { Decision } from '../definition/decision.js'
import { DecisionInSteps } from '../definition/steps.js'
import { isPromise } from '../state/apply-event.js'
import { decideWatched, type Place, whileAtWork } from './at-work.js'
import type { PendingCommand } from './pending-command.js'
import { runSteps } from './run-steps.js'
import { storedBoundary } from './stored-boundary.js'
import type { Surroundings } from './surroundings.js'

/** Where one command decides at a time. */
export interface DecidingPlace extends Place {
  /** Whether this one still does. One that has run out of time is given up, and nobody hears of what it would decide. */
  isDeciding(command: PendingCommand): boolean
}

const withoutBoundary: Handling = Object.freeze({ boundary: Object.freeze([]), state: undefined })

/**
 * What the handler of a command answers, with what the command's boundary finds and the steps of its decision taken.
 *
 * @param version the stream's at the state
 * @throws what the handler throws, and a step
 */
export function decisionOn(
  command: PendingCommand,
  state: unknown,
  version: number,
  place: DecidingPlace,
  source: Pick<Surroundings, 'store' | 'events'>,
): Decision | Promise<Decision> {
  const { execution } = command
  const decision = execution.boundary
    ? decideWithBoundary(command, state, place, source)
    : decideWatched(place, execution, state, withoutBoundary)
  if (isPromise(decision)) return Promise.resolve(decision).then((decided) => withSteps(command, decided, state, version, place))
  return withSteps(command, decision, state, version, place)
}

function withSteps(
  command: PendingCommand,
  decision: Decision,
  state: unknown,
  version: number,
  place: DecidingPlace,
): Decision | Promise<Decision> {
  if (!DecisionInSteps.is(decision) || !place.isDeciding(command)) return decision
  const { execution } = command
  return whileAtWork({ place, sender: execution.sender }, () => runSteps(decision, execution, state, version))
}

async function decideWithBoundary(
  command: PendingCommand,
  state: unknown,
  place: DecidingPlace,
  { store, events }: Pick<Surroundings, 'store' | 'events'>,
): Promise<Decision> {
  const { execution } = command
  const { boundary: wanted, boundaryState } = execution
  const query = storedBoundary(events, wanted!)
  const boundary: RecordedEvent[] = []
  let after = 0
  for await (const stored of eventsOf(store.readAll({ query }))) {
    after = stored.position
    for (const event of events.decode(stored)) {
      const isAsFound = query === wanted && event.type === stored.type
      if (isAsFound || matchesQuery(wanted!, event)) boundary.push(event)
    }
  }
  command.condition = { failIfMatch: query, after }
  if (!place.isDeciding(command)) return undefined
  return decideWatched(place, execution, state, { boundary, state: boundaryState?.(boundary) })
}
