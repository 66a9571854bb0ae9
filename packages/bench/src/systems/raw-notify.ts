import pg from 'pg'
import { connectionPool, connectionStringIn } from '../connection-pool.js'
import { openLoop } from '../open-loop.js'
import { sampleEvent, streamOf } from '../sample-event.js'
import type { System } from '../system.js'
import { createEventsTable } from './events-table.js'

/** What one would write by hand: a row and a NOTIFY in one transaction, and a listener that reads what is new. */
export function rawNotify(perSecond: number): System {
  return {
    name: 'raw notify',
    async open(environment) {
      const pool = connectionPool(environment, 1)
      await createEventsTable(pool)
      const listener = new pg.Client({ connectionString: connectionStringIn(environment) })
      await listener.connect()
      await listener.query(`listen ${environment.schema}`)
      const waiting = new Map<string, (at: number) => void>()
      let after = '0'
      listener.on('notification', async () => {
        const { rows } = await listener.query<{ position: string; stream: string }>({
          name: 'new',
          text: 'select position, stream from events where position > $1 order by position',
          values: [after],
        })
        after = rows.at(-1)?.position ?? after
        for (const { stream } of rows) waiting.get(stream)?.(performance.now())
      })
      return {
        settings: `${perSecond} a second: an insert with a NOTIFY, and a select when that has come`,
        operation: async () => {},
        window: (_, seconds) =>
          openLoop(perSecond, seconds, async () => {
            const sample = sampleEvent()
            const stream = streamOf(sample)
            const seen = new Promise<number>((resolve) => waiting.set(stream, resolve))
            await pool.query({
              name: 'insert',
              text: `with notified as (select pg_notify('${environment.schema}', ''))
                insert into events (version, schema_version, id, stream, type, data, metadata) select 1, 1, gen_random_uuid(), $1, $2, $3, $4 from notified`,
              values: [stream, sample.type, JSON.stringify(sample.data), JSON.stringify(sample.metadata)],
            })
            return seen.finally(() => waiting.delete(stream))
          }),
        async close() {
          await listener.end()
          await pool.end()
        },
      }
    },
  }
}
