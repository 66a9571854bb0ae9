import { randomBytes } from 'node:crypto'
import type { Database } from './database.js'
import type { Keys } from './storage.js'

export const keysTable = `
  create table if not exists bank.keys (
    name text primary key,
    key bytea not null
  )`

export function drawKeys(): Keys {
  return { tokens: randomBytes(32), fingerprints: randomBytes(32) }
}

/** The keys that are kept; of several processes that start for the first time, the first one's. */
export async function keptKeys(database: Database): Promise<Keys> {
  const drawn = drawKeys()
  return {
    tokens: await kept(database, 'tokens', drawn.tokens),
    fingerprints: await kept(database, 'fingerprints', drawn.fingerprints),
  }
}

async function kept(database: Database, name: string, drawn: Uint8Array): Promise<Uint8Array> {
  await database.sql`insert into bank.keys (name, key) values (${name}, ${Buffer.from(drawn)}) on conflict (name) do nothing`
  const [row] = await database.sql<{ key: Buffer }>`select key from bank.keys where name = ${name}`
  if (!row) throw new Error(`The key '${name}' was deleted while the bank was starting.`)
  return row.key
}
