import {
  type AppendsTogether,
  type EventTypes,
  eventsOf,
  matchesQuery,
  type RecordedEvent,
  type Runtime,
} from '@writ/event-store'
import type { Handling } from '../definition/decider.js'
import type { PendingCommand } from '../execution/pending-command.js'
import { storedBoundary } from '../execution/stored-boundary.js'
import type { StreamWithin } from './stream-within.js'

/** What boundaries find within a transaction: what is stored, up to one place for all of them, and what the transaction holds back. */
export class BoundariesWithin {
  /** The head before anything was read. */
  private head: number | undefined

  constructor(
    private readonly transaction: Pick<AppendsTogether, 'reads'>,
    private readonly surroundings: { readonly events: EventTypes; readonly runtime: Runtime },
    private readonly streams: ReadonlyMap<string, StreamWithin>,
  ) {}

  /** A command's boundary: the events that match, and what they come to. */
  async read(command: PendingCommand): Promise<Handling> {
    const { boundary: wanted, boundaryState } = command.execution
    const { events } = this.surroundings
    const { reads } = this.transaction
    this.head ??= (await reads.head()).position
    const query = storedBoundary(events, wanted!)
    const found: RecordedEvent[] = []
    for await (const stored of eventsOf(reads.readAll({ query, upTo: this.head }))) {
      for (const event of events.decode(stored)) if (matchesQuery(wanted!, event)) found.push(event)
    }
    for (const event of this.ownEvents()) if (matchesQuery(wanted!, event)) found.push(event)
    command.condition = { failIfMatch: query, after: this.head }
    return { boundary: found, state: boundaryState?.(found) }
  }

  /** Those that the transaction holds back: as they will be, but for positions and dates, which nobody knows yet. */
  private *ownEvents(): Generator<RecordedEvent> {
    const { runtime } = this.surroundings
    let position = this.head ?? 0
    for (const { name: stream, events, instances, version = events.length } of this.streams.values()) {
      for (const [index, { id, type, schemaVersion, metadata, tags }] of events.entries()) {
        yield {
          id,
          type,
          schemaVersion,
          stream,
          version: version - events.length + index + 1,
          position: ++position,
          part: 0,
          data: instances[index]!,
          metadata: JSON.parse(metadata),
          tags,
          createdAt: new Date(runtime.now()),
        }
      }
    }
  }
}
