import { testDatabase } from '@writ/build-tools'
import type { EventStore } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { describeStored } from '../../test/describe-stored.js'

describeStored('PostgreSQL', async (tables) => {
  const { connectionString, schema } = testDatabase()
  const stores: EventStore[] = []
  const admin = new pg.Client({ connectionString })
  await admin.connect()
  const open = async () => {
    const store = postgresEventStore({ connectionString, schema, poolSize: 3 })
    stores.push(store)
    await store.start()
    return store
  }
  await open()
  for (const table of tables(schema)) {
    await admin.query(
      `create table ${table} (account text primary key, version bigint not null, balance bigint not null, status text not null, noted_at timestamptz not null default now())`,
    )
  }
  return {
    schema,
    open,
    async row(table, account) {
      const { rows } = await admin.query(
        `select account, version::integer, balance::integer, status from ${table} where account = $1`,
        [account],
      )
      return rows[0] as Record<string, unknown> | undefined
    },
    async close() {
      await Promise.all(stores.map((store) => store.stop()))
      await admin.end()
    },
  }
})
