import { once } from 'node:events'
import { systemRuntime } from '@writ/event-store'
import { from } from 'pg-copy-streams'
import { connectionPool, countRows } from '../connection-pool.js'
import { sampleEvent, streamOf } from '../sample-event.js'
import type { System } from '../system.js'
import { createEventsTable, eventColumns } from './events-table.js'

const ROWS = 1_000
const MOST_CONNECTIONS = 2

/** A limit: the same rows by COPY, a thousand a commit; nothing puts rows into PostgreSQL faster. */
export const copy: System = {
  name: 'copy',
  eventsPerOperation: ROWS,
  // It would be that of a thousand rows.
  hasLatency: false,
  async open(environment) {
    const size = Math.min(environment.callers, MOST_CONNECTIONS)
    const pool = connectionPool(environment, size)
    await createEventsTable(pool)
    return {
      settings: `${ROWS.toLocaleString('en')} rows a commit, pool of ${size}`,
      async operation() {
        const client = await pool.connect()
        try {
          const stream = client.query(from(`copy events(${eventColumns}) from stdin`))
          stream.end(Array.from({ length: ROWS }, row).join(''))
          await once(stream, 'finish')
        } finally {
          client.release()
        }
      },
      stored: () => countRows(pool, 'events'),
      close: () => pool.end(),
    }
  },
}

/** A line of COPY's text format. Nothing in the sample needs its escapes. */
function row(): string {
  const event = sampleEvent()
  return `1\t1\t${systemRuntime.uuid()}\t${streamOf(event)}\t${event.type}\t${JSON.stringify(event.data)}\t${JSON.stringify(event.metadata)}\n`
}
