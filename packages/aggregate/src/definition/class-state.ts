import { isEvent, type Json, thrownMessage, toPlainJson } from '@writ/event-store'
import { InvalidAggregateError, UncloneableStateError } from '../errors/invalid-aggregate-error.js'
import { hasPrivateFields } from './private-fields.js'
import { chain } from './written-down.js'

/** How the state of a decorated class begins, is copied, and becomes a snapshot: it is the instance's own fields. */
export interface ClassState<State> {
  initial(): State
  copy(state: State): State
  toJson(state: State): Json
  fromJson(json: Json): State | undefined
}

/**
 * @throws InvalidAggregateError for a class with `#private` fields, or one that can't be made without arguments
 * @throws UncloneableStateError where a field holds what can't be copied
 */
export function classState<State extends object>(aggregateClass: new () => State, name: string): ClassState<State> {
  for (const link of chain(aggregateClass.prototype)) {
    if (!hasPrivateFields(link.constructor)) continue
    throw new InvalidAggregateError(
      name,
      `${link.constructor.name} has #private members, which no copy can take along; use TypeScript's private instead`,
    )
  }
  const prototype = aggregateClass.prototype as object
  const copy = (state: State) => copyOf(state, prototype, name)
  copy(firstOf(aggregateClass, name))
  return {
    initial: () => new aggregateClass(),
    copy,
    toJson: (state) => toPlainJson({ ...state }, `The state of ${name}`),
    fromJson: (json) => restored(json, new aggregateClass()),
  }
}

function firstOf<State>(aggregateClass: new () => State, name: string): State {
  try {
    return new aggregateClass()
  } catch (cause) {
    const why = thrownMessage(cause)
    throw new InvalidAggregateError(name, `its state begins with 'new ${name}()', and that throws: ${why}`)
  }
}

type Fields = Record<string, unknown>

function copyOf<State extends object>(state: State, prototype: object, name: string): State {
  // Most states are flat: one assignment copies them, and the loop finds nothing more to do.
  const copy = Object.assign(Object.create(prototype), state) as Fields
  for (const key in copy) {
    const value = copy[key]
    if (typeof value === 'object' ? value !== null : typeof value === 'function' || typeof value === 'symbol') {
      if (Object.hasOwn(copy, key)) copy[key] = copyOfValue(value, name, key)
    }
  }
  return copy as State
}

function copyOfValue(value: unknown, name: string, path: string): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') throw new UncloneableStateError(name, path, `a ${typeof value}`)
  if (typeof value !== 'object' || value === null) return value
  // Whatever is frozen is shared: parts of events above all.
  if (isEvent(value)) return value
  if (Array.isArray(value))
    return Object.isFrozen(value) ? value : value.map((element, index) => copyOfValue(element, name, `${path}[${index}]`))
  if (value instanceof Date) return new Date(value)
  if (value instanceof Map) {
    const entries = [...value].map(
      ([key, inner]) =>
        [copyOfValue(key, name, `${path} (a key)`), copyOfValue(inner, name, `${path}.get(${String(key)})`)] as const,
    )
    return new Map(entries)
  }
  if (value instanceof Set) return new Set([...value].map((element) => copyOfValue(element, name, `${path} (an element)`)))
  if (Object.isFrozen(value)) return value
  return copyOfObject(value, name, path)
}

function copyOfObject(value: object, name: string, path: string): object {
  const prototype = Object.getPrototypeOf(value)
  // A plain object of another realm has that realm's Object.prototype: a prototype with nothing above it.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new UncloneableStateError(name, path, `a ${prototype.constructor?.name ?? 'class'} instance that is not frozen`)
  }
  const copy = Object.create(prototype) as Fields
  for (const key of Object.keys(value)) copy[key] = copyOfValue((value as Fields)[key], name, `${path}.${key}`)
  return copy
}

function restored<State extends object>(json: Json, state: State): State | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  for (const key of Object.keys(state)) {
    // JSON has no undefined: a field that is absent was undefined, or it is newer than the snapshot, which is then of no use.
    if (!Object.hasOwn(json, key) && (state as Fields)[key] !== undefined) return undefined
  }
  return Object.assign(state, json)
}
