import 'reflect-metadata'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { describeBoundaries } from '../../test/parity/describe-boundaries.js'

// A database on a busy machine takes its time.
const { connectionString, schema } = testDatabase()
const pool = new pg.Pool({ connectionString, max: 1 })
afterAll(() => pool.end())

/** Each batch is one transaction, whose number every row has that it wrote. */
async function batches(): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`select count(distinct xmin::text)::int as n from ${schema}.events`)
  return rows[0]!.n
}

describeBoundaries('PostgreSQL', () => postgresEventStore({ connectionString, schema }), batches)
