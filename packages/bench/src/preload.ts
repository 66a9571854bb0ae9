import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import type { Environment } from './system.js'

/** So many rows by one statement: often enough to tell how it goes on. */
const AT_ONCE = 500_000

/**
 * Fills a schema's store with events as those of `append`, straight into its table: a million in ten seconds.
 *
 * @param perStream how many events each stream has, one after another in the log
 */
export async function preload(
  { connectionString, schema }: Pick<Environment, 'connectionString' | 'schema'>,
  count: number,
  perStream: number,
  progress: (line: string) => void,
): Promise<void> {
  const store = postgresEventStore({ connectionString, schema })
  await store.start()
  await store.stop()
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await client.query("set maintenance_work_mem = '512MB'; set synchronous_commit = off")
    const table = `${schema}.events`
    const indexes = await dropIndexes(client, table)
    for (let stored = 0; stored < count; stored += AT_ONCE) {
      await client.query(insertOf(table), [stored + 1, Math.min(count, stored + AT_ONCE), perStream])
      progress(`${Math.min(count, stored + AT_ONCE).toLocaleString('en')} of ${count.toLocaleString('en')} events are there`)
    }
    for (const index of indexes) await client.query(index)
    await client.query(`vacuum analyze ${table}`)
    // Now, and not in whoever's window it would fall.
    await client.query('checkpoint')
  } finally {
    await client.end()
  }
}

/** To make an index of all rows is many times faster than to add each row to it. */
async function dropIndexes(client: pg.Client, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint where conrelid = $1::regclass and contype in ('p', 'u')`,
    [table],
  )
  for (const { name } of rows) await client.query(`alter table ${table} drop constraint ${name}`)
  return rows.map(({ name, definition }) => `alter table ${table} add constraint ${name} ${definition}`)
}

// Ids in the order of time, as Writ's own are; accounts and transfers by chance.
const insertOf = (table: string) => `
  insert into ${table} (position, version, schema_version, id, stream, type, data, metadata, created_at)
  select n, (n - 1) % $3 + 1, 1, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'account-' || account, 'money-deposited',
    ('{"account":"' || account || '","amount":125,"currency":"EUR","transfer":"' || md5(n::text)::uuid || '"}')::json,
    ('{"correlationId":"' || account || '","actor":"teller-17@north.bank"}')::json, clock_timestamp()
  from (select n, md5('account' || (n - 1) / $3)::uuid as account from generate_series($1::bigint, $2::bigint) n) numbered`
