import { isEvent } from '@writ/event-store'
import type { AggregateDefinition, Decide } from '../definition/decider.js'
import { StateChangedError } from '../errors/apply-errors.js'

/** A copy for each decision would cost more than most decisions do; so many are enough to meet whoever changes the state. */
const TRIALS = 100

const trials = new WeakMap<Decide<unknown>, number>()

/** Whether a handler has been seen to leave the state alone, so often that it is given the state itself. */
export function isTrusted(decide: Decide<unknown>): boolean {
  return (trials.get(decide) ?? 0) >= TRIALS
}

/**
 * What a handler decides on: at first a copy that nobody can change, so that whoever tries is told. A state that was changed while somebody
 * decided would be another one than its events come to, and nothing would show it before the next load.
 */
export function stateOnTrial(decide: Decide<unknown>, aggregate: AggregateDefinition, state: unknown): unknown {
  const count = trials.get(decide) ?? 0
  if (count >= TRIALS) return state
  trials.set(decide, count + 1)
  const copy = aggregate.copy(state)
  // A value's states are unchangeable by themselves.
  return copy === state ? state : unchangeable(copy, aggregate.name)
}

function unchangeable<T>(value: T, aggregate: string): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || isEvent(value) || ArrayBuffer.isView(value))
    return value
  if (value instanceof Map || value instanceof Set) {
    const refuse = () => {
      throw new StateChangedError(aggregate)
    }
    for (const method of ['set', 'add', 'delete', 'clear']) {
      if (method in value) Object.defineProperty(value, method, { value: refuse })
    }
    for (const inner of value.values()) unchangeable(inner, aggregate)
    return value
  }
  for (const inner of Object.values(value)) unchangeable(inner, aggregate)
  return Object.freeze(value)
}
