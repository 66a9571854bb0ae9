/** An instance with these values, made without running its constructor: what was stored has been validated already. */
export function frozenInstance(prototype: object, values: Readonly<Record<string, unknown>>): object {
  return frozenWith(Object.create(prototype), withFrozenValues(values))
}

/** Gives an instance values that are frozen themselves, and freezes it. */
export function frozenWith(instance: object, values: Readonly<Record<string, unknown>>): object {
  return Object.freeze(Object.assign(instance, values))
}

/** The same record, all of whose values are frozen through and through. */
export function withFrozenValues<Values extends Readonly<Record<string, unknown>>>(values: Values): Values {
  for (const key in values) {
    const value = values[key]
    if (typeof value === 'object' && value !== null) freezeDeeply(value)
  }
  return values
}

// Arrays and plain objects only: what else a codec makes is its own affair. Bytes can't be frozen, and some date libraries cache
// what they compute in their instances.
function freezeDeeply(value: object): void {
  if (Object.isFrozen(value) || !(Array.isArray(value) || isPlain(value))) return
  Object.freeze(value)
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) freezeDeeply(inner)
}

// Of this realm or another: a prototype with nothing above it.
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
