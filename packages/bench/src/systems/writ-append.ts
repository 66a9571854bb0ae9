import { type NewEvent, systemRuntime } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { connectionPool, countRows } from '../connection-pool.js'
import { type SampleEvent, sampleEvent, streamOf } from '../sample-event.js'
import type { System } from '../system.js'

/** @param eventsPerOperation how many events an append has, all of one new stream */
export function writAppends(eventsPerOperation: number) {
  return {
    name: 'writ',
    eventsPerOperation,
    async open(environment) {
      const { connectionString, schema } = environment
      const store = postgresEventStore({ connectionString, schema })
      await store.start()
      const counting = connectionPool(environment, 1)
      return {
        settings: 'as it comes',
        async operation() {
          const samples = Array.from({ length: eventsPerOperation }, sampleEvent)
          await store.append({ stream: streamOf(samples[0]!), events: samples.map(newEvent), expectedVersion: 0 })
        },
        stored: () => countRows(counting, 'events'),
        async close() {
          await counting.end()
          await store.stop()
        },
      }
    },
  } as const satisfies System
}

export const writAppend = writAppends(1)

/** A limit of everything that Writ does on top: its store alone. */
export const writAppendLimit: System = {
  name: 'writ append',
  async open(environment) {
    return { ...(await writAppend.open(environment)), settings: "Writ's store alone, events as in the work append" }
  },
}

export function newEvent({ type, data, metadata }: SampleEvent): NewEvent {
  return {
    id: systemRuntime.uuid(),
    type,
    schemaVersion: 1,
    data: JSON.stringify(data),
    metadata: JSON.stringify(metadata),
    tags: [],
  }
}
