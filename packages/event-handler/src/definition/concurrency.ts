import type { AnyEventClass, RecordedEvent } from '@writ/event-store'
import { InvalidSubscriptionError } from '../errors/definition-errors.js'
import type { Concurrency, EventHandlerOptions, PartitionBy } from './subscription-definition.js'

/**
 * What an event handler's options say of concurrency; undefined where it handles one event after the other.
 *
 * @throws InvalidSubscriptionError
 */
export function concurrencyOf(
  source: string,
  { concurrency: most = 1, partitionBy }: EventHandlerOptions,
  events: readonly AnyEventClass[],
): Concurrency | undefined {
  if (most === 1) return undefined
  const keyOf = partitionBy === undefined ? undefined : keyFunction(source, partitionBy, events)
  return { most, sequencesOf: (event) => [sequenceOf(event, keyOf?.(event))] }
}

// Marked, so that no key is taken for a stream's name.
function sequenceOf({ stream }: RecordedEvent, key: unknown): string {
  return key === undefined || key === null ? `stream ${stream}` : `key ${key}`
}

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
