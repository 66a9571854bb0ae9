import 'reflect-metadata'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { describeTimeTravel } from '../../test/parity/describe-time-travel.js'

// A database on a busy machine takes its time.
const { connectionString, schema } = testDatabase()
const pool = new pg.Pool({ connectionString, max: 1 })
afterAll(() => pool.end())

/** All rows of all tables of the store, and how far its sequences have come. */
async function everything(): Promise<string> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = $1 order by 1`,
    [schema],
  )
  const all: Record<string, unknown> = {}
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(`select t::text as row from ${name} t order by 1`)
    all[name] = rows.map(({ row }) => row)
  }
  expect(tables.length).toBeGreaterThan(5)
  const { rows: sequences } = await pool.query(
    'select sequencename, last_value from pg_sequences where schemaname = $1 order by 1',
    [schema],
  )
  all.sequences = sequences
  return JSON.stringify(all)
}

describeTimeTravel('PostgreSQL', () => postgresEventStore({ connectionString, schema }), everything)
