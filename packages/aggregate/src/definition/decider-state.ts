import { type Json, toPlainJson } from '@writ/event-store'
import type { StateAsJson } from './decider.js'

/** Freezes a state with all that is new in it: what is frozen already was a part of an earlier state. */
export function freezeDeeply<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value
  Object.freeze(value)
  for (const key in value) freezeDeeply(value[key])
  return value
}

/** How the states of a decider become snapshots: they are plain JSON themselves. */
export function jsonOfDeciderState<State>(category: string): StateAsJson<State> {
  return {
    toJson: (state) => toPlainJson(state, `The state of '${category}'`),
    fromJson: (json: Json) => freezeDeeply(json) as State,
  }
}
