import { countRows } from '../connection-pool.js'
import { type SampleEvent, sampleEvent, streamOf } from '../sample-event.js'
import type { System } from '../system.js'
import { openEmmettStore } from './emmett-store.js'

// Appends/s with 64 and with 256 callers on 2 cores, in one interleaved run: with 4 connections 2,070 and 2,480, with 8 2,830 and
// 2,950, with 16 5,290 and 3,300, with 24 5,350 and 3,860, with 32 4,050 and 3,580, with 64 3,980 and 3,490.
const CONNECTIONS = 24

/** @param eventsPerOperation how many events an append has, all of one new stream */
export function emmettAppends(eventsPerOperation: number) {
  return {
    name: 'emmett',
    eventsPerOperation,
    async open(environment) {
      const { store, pool, settings } = await openEmmettStore(environment, CONNECTIONS)
      return {
        settings,
        async operation() {
          const events = Array.from({ length: eventsPerOperation }, sampleEvent)
          // A number: 'STREAM_DOES_NOT_EXIST' is checked by nobody and costs Emmett a look at the stream.
          await store.appendToStream<SampleEvent>(streamOf(events[0]!), events, { expectedStreamVersion: 0n })
        },
        stored: () => countRows(pool, 'emt_messages'),
        async close() {
          await store.close()
          await pool.end()
        },
      }
    },
  } as const satisfies System
}

export const emmettAppend = emmettAppends(1)
