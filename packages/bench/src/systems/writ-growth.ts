import type { EventStore } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import type { Loop } from '../closed-loop.js'
import { connectionPool, countRows } from '../connection-pool.js'
import { sampleEvent, streamOf } from '../sample-event.js'
import type { System } from '../system.js'
import { newEvent } from './writ-append.js'

/** @param slice how many events a window appends, one an append */
export function writGrowth(slice: number): System {
  return {
    name: 'writ',
    async open(environment) {
      const { connectionString, schema, callers } = environment
      const counting = connectionPool(environment, 1)
      const warmUp = postgresEventStore({ connectionString, schema: `${schema}_warm_up` })
      await warmUp.start()
      await grow(warmUp, slice, callers)
      await warmUp.stop()
      await counting.query(`drop schema ${schema}_warm_up cascade`)
      const store = postgresEventStore({ connectionString, schema })
      await store.start()
      const operation = () => append(store)
      return {
        settings: `as it comes; ${slice.toLocaleString('en')} events before it, in another schema, to warm up`,
        operation,
        window: () => grow(store, slice, callers),
        stored: () => countRows(counting, 'events'),
        async close() {
          await counting.end()
          await store.stop()
        },
      }
    },
  }
}

async function append(store: EventStore): Promise<void> {
  const sample = sampleEvent()
  await store.append({ stream: streamOf(sample), events: [newEvent(sample)], expectedVersion: 0 })
}

async function grow(store: EventStore, events: number, callers: number): Promise<Loop> {
  const latencies = new Float64Array(events)
  const start = performance.now()
  let next = 0
  const call = async () => {
    while (next < events) {
      const own = next++
      const before = performance.now()
      await append(store)
      latencies[own] = performance.now() - before
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  return { latencies, operationsPerSecond: events / ((performance.now() - start) / 1_000), failuresPerSecond: 0 }
}
