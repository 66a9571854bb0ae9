import pg from 'pg'
import type { Environment } from './system.js'

type Place = Pick<Environment, 'connectionString' | 'schema'>

/** Connections whose unqualified names mean the system's own schema. */
export function connectionPool(place: Place, size: number): pg.Pool {
  return new pg.Pool({ connectionString: connectionStringIn(place), max: size })
}

/** The same, for whoever makes his own connections. */
export function connectionStringIn({ connectionString, schema }: Place): string {
  const url = new URL(connectionString)
  // Beside what the string sets already: `pg` lets the string's own options win over any that are given apart.
  const options = [url.searchParams.get('options') ?? '', `-c search_path=${schema}`].join(' ').trim()
  url.searchParams.set('options', options)
  return url.href
}

/** @param from a table, and which of its rows: all of them are looked at */
export async function countRows(pool: pg.Pool, from: string): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(`select count(*)::text count from ${from}`)
  return Number(rows[0]!.count)
}
