import { systemRuntime } from '@writ/event-store'
import { connectionPool, countRows } from '../connection-pool.js'
import { sampleEvent, streamOf } from '../sample-event.js'
import type { System } from '../system.js'
import { createEventsTable, eventColumns } from './events-table.js'

const MOST_CONNECTIONS = 32

/** A limit: each event in one INSERT and one commit of its own, prepared, with no checks at all. */
export const insert: System = {
  name: 'insert',
  async open(environment) {
    const size = Math.min(environment.callers, MOST_CONNECTIONS)
    const pool = connectionPool(environment, size)
    await createEventsTable(pool)
    return {
      settings: `one row a commit, prepared statement, pool of ${size}`,
      async operation() {
        const event = sampleEvent()
        await pool.query({
          name: 'insert-event',
          text: `insert into events(${eventColumns}) values (1, 1, $1, $2, $3, $4, $5)`,
          values: [systemRuntime.uuid(), streamOf(event), event.type, JSON.stringify(event.data), JSON.stringify(event.metadata)],
        })
      },
      stored: () => countRows(pool, 'events'),
      close: () => pool.end(),
    }
  },
}
