import type { AnyEventClass, RecordedEvent } from '@writ/event-store'
import { InvalidSubscriptionError } from '../errors/definition-errors.js'
import type { PartitionBy, SubscriptionDefinition } from './subscription-definition.js'

/** The sequences of an event: never empty, for what belongs to none belongs to its stream's. */
export function sequencesOf({ sequencesOf: given }: SubscriptionDefinition, event: RecordedEvent): readonly string[] {
  const sequences = given?.(event)
  return sequences === undefined || sequences.length === 0 ? [sequenceOfStream(event.stream)] : sequences.map(storable)
}

/** Characters, of which each may be three bytes: a store takes 1,000 bytes. */
const LONGEST = 300

/** A key may be any text. Where two long ones become one, their sequences are kept in order together. */
function storable(key: string): string {
  const isFine = key.length <= LONGEST && key.isWellFormed() && !key.includes('\u0000')
  return isFine ? key : `${key.slice(0, 200).replaceAll('\u0000', '').toWellFormed()}… (${key.length})`
}

/**
 * What `partitionBy` says of the sequence that an event belongs to.
 *
 * @throws InvalidSubscriptionError
 */
export function sequencesBy(
  source: string,
  partitionBy: PartitionBy,
  events: readonly AnyEventClass[],
): (event: RecordedEvent) => readonly string[] {
  const keyOf = keyFunction(source, partitionBy, events)
  return (event) => {
    const key = keyOf(event)
    return [key === undefined || key === null ? sequenceOfStream(event.stream) : String(key)]
  }
}

// As people know it, who look at what is parked. A key that is a stream's name shares its sequence: harmless, for that only keeps more in order.
export const sequenceOfStream = (stream: string): string => stream

function keyFunction(
  source: string,
  partitionBy: PartitionBy,
  events: readonly AnyEventClass[],
): (event: RecordedEvent) => unknown {
  if (typeof partitionBy === 'function') return (event) => partitionBy(event.data, event)
  if (typeof partitionBy !== 'string') {
    throw new InvalidSubscriptionError(source, "its 'partitionBy' must be a field of its events, or a function")
  }
  const without = events.find(({ schema }) => !Object.hasOwn(schema.shape, partitionBy))
  if (without) {
    throw new InvalidSubscriptionError(
      source,
      `it partitions by '${partitionBy}', and the event '${without.type}' has no such field`,
    )
  }
  return ({ data }) => (data as unknown as Readonly<Record<string, unknown>>)[partitionBy]
}
