import { systemRuntime } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { connectionPool, countRows } from '../connection-pool.js'
import { sampleEvent, streamOf } from '../sample-event.js'
import type { System } from '../system.js'

export const writAppend: System = {
  name: 'writ',
  async open(environment) {
    const { connectionString, schema } = environment
    const store = postgresEventStore({ connectionString, schema })
    await store.start()
    const counting = connectionPool(environment, 1)
    return {
      settings: 'as it comes',
      async operation() {
        const event = sampleEvent()
        await store.append({
          stream: streamOf(event),
          events: [
            {
              id: systemRuntime.uuid(),
              type: event.type,
              schemaVersion: 1,
              data: JSON.stringify(event.data),
              metadata: JSON.stringify(event.metadata),
              tags: [],
            },
          ],
          expectedVersion: 0,
        })
      },
      stored: () => countRows(counting, 'events'),
      async close() {
        await counting.end()
        await store.stop()
      },
    }
  },
}

/** A limit of everything that Writ does on top: its store alone. */
export const writAppendLimit: System = {
  name: 'writ append',
  async open(environment) {
    return { ...(await writAppend.open(environment)), settings: "Writ's store alone, events as in the work append" }
  },
}
