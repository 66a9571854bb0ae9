import pg from 'pg'
import type { Environment } from './system.js'

/** Connections whose unqualified names mean the system's own schema. */
export function connectionPool(
  { connectionString, schema }: Pick<Environment, 'connectionString' | 'schema'>,
  size: number,
): pg.Pool {
  const url = new URL(connectionString)
  // Beside what the string sets already: `pg` lets the string's own options win over any that are given apart.
  const options = [url.searchParams.get('options') ?? '', `-c search_path=${schema}`].join(' ').trim()
  url.searchParams.set('options', options)
  return new pg.Pool({ connectionString: url.href, max: size })
}

/** How many rows a table has, the whole of it counted. */
export async function countRows(pool: pg.Pool, table: string): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(`select count(*)::text count from ${table}`)
  return Number(rows[0]!.count)
}
