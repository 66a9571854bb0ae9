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

/** @param from a table, and which of its rows: all of them are looked at */
export async function countRows(pool: pg.Pool, from: string): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(`select count(*)::text count from ${from}`)
  return Number(rows[0]!.count)
}
