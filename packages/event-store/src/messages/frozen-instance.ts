/** An instance with these values, made without running its constructor: what was stored has been validated already. */
export function frozenInstance(prototype: object, values: Readonly<Record<string, unknown>>): object {
  for (const value of Object.values(values)) if (typeof value === 'object' && value !== null) freezeDeeply(value)
  return Object.freeze(Object.assign(Object.create(prototype), values))
}

function freezeDeeply(value: object): void {
  if (Object.isFrozen(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) freezeDeeply(inner)
}
