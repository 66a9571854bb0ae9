import { type EventStore, type NewEvent, systemRuntime } from '@writ/event-store'

export function sample(given: Partial<NewEvent> = {}): NewEvent {
  const { uuid } = systemRuntime
  return { id: uuid(), type: 'noted', schemaVersion: 1, data: '{"note":"x"}', metadata: '{}', tags: [], ...given }
}

/** Appends so many events, to three streams in turn, every other one with a tag. */
export async function filled(store: EventStore, events: number): Promise<void> {
  for (let n = 0; n < events; n++) {
    await store.append({ stream: `note-${n % 3}`, events: [sample({ tags: n % 2 === 0 ? ['even'] : [] })] })
  }
}
