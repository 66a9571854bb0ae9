import { getPostgreSQLEventStore, type PostgresEventStore } from '@event-driven-io/emmett-postgresql'
import type pg from 'pg'
import { connectionPool } from '../connection-pool.js'
import type { Environment } from '../system.js'

export interface EmmettStore {
  readonly store: PostgresEventStore
  readonly pool: pg.Pool
  readonly settings: string
}

/**
 * Emmett's store at its best: a pool of its own, and the schema made beforehand, so that no call asks for it.
 *
 * @param connections as many as serve it best in a work, however many callers there are
 * @throws Error where another schema of the database has an Emmett already: it would take that one's functions for its own
 */
export async function openEmmettStore(environment: Environment, connections: number): Promise<EmmettStore> {
  const size = Math.min(environment.callers, connections)
  const pool = connectionPool(environment, size)
  try {
    await refuseOtherEmmett(pool, environment.schema)
    const options = { connectionOptions: { pool }, schema: { autoMigration: 'None' } } as const
    const store = getPostgreSQLEventStore(environment.connectionString, options)
    await store.schema.migrate()
    return { store, pool, settings: `pool of ${size}, schema migrated beforehand` }
  } catch (error) {
    await pool.end()
    throw error
  }
}

async function refuseOtherEmmett(pool: pg.Pool, own: string): Promise<void> {
  const { rows } = await pool.query<{ schema: string }>(
    "select n.nspname as schema from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.proname = 'emt_append_to_stream' and n.nspname <> $1",
    [own],
  )
  if (rows[0]) {
    throw new Error(
      `The schema '${rows[0].schema}' of this database holds an Emmett already, and Emmett looks for its functions in all schemas. ` +
        'Give DATABASE_URL a database without one, or leave it out; a schema named writ_bench_… is left of a killed run and can be dropped.',
    )
  }
}
