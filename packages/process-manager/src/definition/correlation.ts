import type { AnyEventClass, RecordedEvent } from '@writ/event-store'
import { InvalidProcessManagerError } from '../errors/definition-errors.js'
import { InvalidCorrelationError } from '../errors/process-errors.js'
import type { Correlate, CorrelateFunction } from './process-manager-definition.js'

const MAX_ID = 300
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const printable = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/u
const none: readonly string[] = Object.freeze([])

/**
 * What the author said of correlation → which instances an event belongs to.
 *
 * @throws InvalidProcessManagerError where there is nothing to correlate by, or an event that it handles has no such field
 */
export function correlation(
  name: string,
  source: string,
  correlate: Correlate,
  events: readonly AnyEventClass[],
): (event: RecordedEvent) => readonly string[] {
  const find = typeof correlate === 'string' ? byField(source, correlate, events) : byFunction(source, correlate)
  return (recorded) => {
    const found = find(recorded.data, recorded)
    if (found === undefined || found === null) return none
    const ids = Array.isArray(found) ? [...new Set(found as readonly unknown[])] : [found]
    for (const id of ids) checkId(name, recorded, id)
    return ids as readonly string[]
  }
}

function byField(source: string, field: string, events: readonly AnyEventClass[]): CorrelateFunction {
  const without = events.find(({ schema }) => !Object.hasOwn(schema.shape, field))
  if (without) {
    throw new InvalidProcessManagerError(
      source,
      `it correlates by '${field}', and the event '${without.type}' has no such field; give it one, or correlate by a function`,
    )
  }
  return (event) => (event as unknown as Readonly<Record<string, string | undefined>>)[field]
}

function byFunction(source: string, correlate: unknown): CorrelateFunction {
  if (typeof correlate === 'function') return correlate as CorrelateFunction
  throw new InvalidProcessManagerError(
    source,
    "its 'correlate' must be a field of its events, or a function that answers with the id of the instance",
  )
}

function checkId(name: string, { type, position }: RecordedEvent, id: unknown): void {
  if (typeof id === 'string' && id.length <= MAX_ID && printable.test(id) && id.isWellFormed()) return
  const what =
    typeof id === 'string' ? (id === '' ? 'an empty text' : 'a text that is too long or unprintable') : `a ${typeof id}`
  throw new InvalidCorrelationError(name, type, position, `it has ${what}`)
}
