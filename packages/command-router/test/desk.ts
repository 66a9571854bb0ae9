import { Aggregates, type AggregatesOptions } from '@writ/aggregate'
import { EventTypes, eventsOf, type StoredEvent } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { CommandRouter, type CommandRouterOptions } from '../src/index.js'
import { TicketClosed, TicketOpened } from './ticket.js'

export interface DeskOptions extends Omit<CommandRouterOptions, 'aggregates'> {
  /** Another process on the same data. */
  readonly log?: InMemoryLog
  readonly aggregates?: Partial<AggregatesOptions>
}

/** A router over a store in memory. */
export async function deskOf({ log = new InMemoryLog(), aggregates: options = {}, ...routing }: DeskOptions) {
  const store = inMemoryEventStore({ log })
  await store.start()
  const aggregates = new Aggregates({ store, events: new EventTypes([TicketOpened, TicketClosed]), ...options })
  const router = new CommandRouter({ aggregates, ...routing })
  const stored = async (): Promise<StoredEvent[]> => {
    const events: StoredEvent[] = []
    for await (const event of eventsOf(store.readAll())) events.push(event)
    return events
  }
  return { log, store, aggregates, router, stored }
}
