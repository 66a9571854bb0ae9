import { passesFilter } from '../definition/event-filter.js'
import { sequenceOfStream, sequencesOf } from '../definition/sequences.js'
import type { SubscriptionDefinition } from '../definition/subscription-definition.js'
import { partitionOf } from '../leasing/partition-of.js'
import type { LogEntry, Portion } from '../reading/log-entry.js'
import { Interruption } from './interruption.js'

/** One of a subscription's partitions. */
export interface Partition {
  /** From 0. */
  readonly partition: number
  /** How many there are. */
  readonly partitions: number
}

/** What of a portion passes the subscription's filter and belongs to one partition. Where stream and tags say so, nothing is decoded for it. */
export function ownEvents(definition: SubscriptionDefinition, own: Partition): (portion: Portion) => Portion {
  const { filter } = definition
  const passing = filter
    ? ({ entries, upTo }: Portion) => ({ entries: entries.filter((entry) => passesFilter(filter, entry)), upTo })
    : (portion: Portion) => portion
  if (own.partitions === 1) return passing
  const ownOf = definition.sequencesOf ? ownByKey(definition, own) : ownByStream(own)
  return (portion) => ({ entries: passing(portion).entries.flatMap(ownOf), upTo: portion.upTo })
}

const nothing: readonly LogEntry[] = []

function ownByStream({ partition, partitions }: Partition): (entry: LogEntry) => LogEntry | readonly LogEntry[] {
  return (entry) => (partitionOf(sequenceOfStream(entry.stream), partitions) === partition ? entry : nothing)
}

/** What one stored event became may belong to several partitions. What can't be read belongs to its stream's, and stops that one. */
function ownByKey(definition: SubscriptionDefinition, own: Partition): (entry: LogEntry) => LogEntry | readonly LogEntry[] {
  const isOwn = ownByStream(own)
  return (entry) => {
    let events: LogEntry['events']
    try {
      events = entry.events
    } catch {
      return isOwn(entry)
    }
    const mine = events.filter((event) => definition.handlers.has(event.type) && concerns(definition, own, event))
    if (mine.length === 0) return nothing
    return mine.length === events.length ? entry : entry.only(mine)
  }
}

function concerns(
  definition: SubscriptionDefinition,
  { partition, partitions }: Partition,
  event: LogEntry['events'][number],
): boolean {
  let sequences: readonly string[]
  try {
    sequences = sequencesOf(definition, event)
  } catch (error) {
    // An event whose order nobody knows stops the subscription.
    throw new Interruption('given-up', error)
  }
  return sequences.some((sequence) => partitionOf(sequence, partitions) === partition)
}
