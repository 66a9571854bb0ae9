import diff, { type Difference } from 'microdiff'

/** One field that differs between two states. */
export interface StateChange {
  /** Where it is: `['limits', 'daily']`. The entries of a map stand under their keys, those of a set under their places. */
  readonly path: readonly (string | number)[]
  readonly kind: 'added' | 'changed' | 'removed'
  /** Undefined where it was added. */
  readonly before: unknown
  /** Undefined where it was removed. */
  readonly after: unknown
}

/** What differs between two states of one aggregate, or between any two values of plain data; nothing where they are alike. */
export function changesBetween(before: unknown, after: unknown): StateChange[] {
  // Wrapped, so that the values themselves may be of different kinds.
  return diff({ state: comparable(before) }, { state: comparable(after) }).map(changeOf)
}

function changeOf(difference: Difference): StateChange {
  const path = difference.path.slice(1)
  switch (difference.type) {
    case 'CREATE':
      return { path, kind: 'added', before: undefined, after: difference.value }
    case 'REMOVE':
      return { path, kind: 'removed', before: difference.oldValue, after: undefined }
    case 'CHANGE':
      return { path, kind: 'changed', before: difference.oldValue, after: difference.value }
  }
}

// Maps and sets keep what they hold where no comparison of fields looks; the class of a state says nothing that its fields don't.
function comparable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, inner]) => [String(key), comparable(inner)] as const))
  if (Array.isArray(value) || value instanceof Set) return [...value].map(comparable)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, comparable(inner)] as const))
}
