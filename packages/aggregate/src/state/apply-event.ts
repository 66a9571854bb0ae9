import { type AnyEvent, eventClassOf } from '@writ/event-store'
import type { AggregateDefinition } from '../definition/decider.js'
import { ApplyFailedError, AsyncApplyError, UndeclaredEventError } from '../errors/apply-errors.js'
import { beginsToApply, endsApplying } from './applying.js'

/**
 * State and event → the state after it; the given state may be changed.
 *
 * @param position undefined for an event that is not stored
 * @throws ApplyFailedError, AsyncApplyError, ImpureApplyError, UndeclaredEventError
 */
export function applyEvent<State>(
  definition: AggregateDefinition<State>,
  state: State,
  event: AnyEvent,
  stream: string,
  version: number,
  position: number | undefined,
): State {
  const { type } = eventClassOf(event)
  const evolve = definition.evolve.get(type)
  if (evolve === undefined) throw new UndeclaredEventError(definition.name, type, { stream, version, position })
  let next: State
  beginsToApply(definition.name, type)
  try {
    next = evolve(state, event)
  } catch (cause) {
    endsApplying()
    throw new ApplyFailedError(definition.name, type, { stream, version, position }, cause)
  }
  endsApplying()
  if (isPromise(next)) {
    next.then(undefined, () => {})
    throw new AsyncApplyError(definition.name, type)
  }
  if (next === undefined && !definition.isStateless) {
    const cause = new TypeError('it answers with undefined, where it should with the next state, or the one that it was given')
    throw new ApplyFailedError(definition.name, type, { stream, version, position }, cause)
  }
  return next
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
