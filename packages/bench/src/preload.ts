import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import type { Environment } from './system.js'

/** So many rows by one statement: often enough to tell how it goes on. */
const AT_ONCE = 500_000
/** What each deposit has. */
export const AMOUNT = 125
/** This part of the events comes last, by the indexes' ordinary way. */
const TAIL = 0.03

/**
 * Fills a schema's store with events as those of `append`, straight into its table: a million in ten seconds.
 *
 * What is written first after a checkpoint goes into the write-ahead log with the whole page around it, which a store that has run for
 * a minute has behind it; so the last events come after one, and touch the indexes everywhere.
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
    const tail = Math.ceil(count * TAIL)
    for (let stored = 0; stored < count - tail; stored += AT_ONCE) {
      const upTo = Math.min(count - tail, stored + AT_ONCE)
      await client.query(insertOf(table), [stored + 1, upTo, perStream])
      progress(`${upTo.toLocaleString('en')} of ${count.toLocaleString('en')} events are there`)
    }
    progress('their indexes are made')
    for (const index of indexes) await client.query(index)
    await client.query(`vacuum analyze ${table}`)
    await client.query('checkpoint')
    await client.query(insertOf(table), [count - tail + 1, count, perStream])
    await client.query(`select ${schema}.index_types($1, $2)`, [count, count])
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
    ('{"account":"' || account || '","amount":${AMOUNT},"currency":"EUR","transfer":"' || md5(n::text)::uuid || '"}')::json,
    ('{"correlationId":"' || account || '","actor":"teller-17@north.bank"}')::json, clock_timestamp()
  from (select n, md5('account' || (n - 1) / $3)::uuid as account from generate_series($1::bigint, $2::bigint) n) numbered`
