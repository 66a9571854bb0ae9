import {
  type EventStore,
  eventsOf,
  type NewEvent,
  type ReadAllOptions,
  type ReadStreamOptions,
  type StoredEvent,
  systemRuntime,
} from '@writ/event-store'

/** An event that any store takes; what a scenario is about is given. */
export function sample(given: Partial<NewEvent> = {}): NewEvent {
  return {
    id: systemRuntime.uuid(),
    type: 'money-deposited',
    schemaVersion: 1,
    data: '{"amount":500}',
    metadata: '{}',
    tags: [],
    ...given,
  }
}

/** Events that can be told apart by their data: `{"number":1}` and so on. */
export function samples(count: number, given: Partial<NewEvent> = {}): NewEvent[] {
  return Array.from({ length: count }, (_, index) => sample({ data: `{"number":${index + 1}}`, ...given }))
}

export function streamEvents(store: EventStore, stream: string, options?: ReadStreamOptions): Promise<StoredEvent[]> {
  return allOf(store.readStream(stream, options))
}

export function logEvents(store: EventStore, options?: ReadAllOptions): Promise<StoredEvent[]> {
  return allOf(store.readAll(options))
}

export async function allOf(pages: AsyncIterable<readonly StoredEvent[]>): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for await (const event of eventsOf(pages)) events.push(event)
  return events
}

export const idsOf = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id)
export const versionsOf = (events: readonly StoredEvent[]) => events.map(({ version }) => version)
export const positionsOf = (events: readonly StoredEvent[]) => events.map(({ position }) => position)

/** 1 to n. */
export const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)
