import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { describeDispatchWithin } from '../test/describe-dispatch-within.js'

describeDispatchWithin('PostgreSQL', async () => {
  const { connectionString, schema } = testDatabase()
  const admin = new pg.Client({ connectionString })
  await admin.connect()
  const open = async () => postgresEventStore({ connectionString, schema, poolSize: 4 })
  const first = await open()
  await first.start()
  await first.stop()
  await admin.query(`create table ${schema}.purses (account text primary key, version bigint not null, balance integer not null);
    create table ${schema}.counters (counter text primary key, version bigint not null, total integer not null)`)
  return {
    schema,
    open,
    async row(table, key) {
      const column = table === 'purses' ? 'account' : 'counter'
      const { rows } = await admin.query(`select *, version::integer from ${schema}.${table} where ${column} = $1`, [key])
      return rows[0] as Record<string, unknown> | undefined
    },
    close: () => admin.end(),
  }
})
