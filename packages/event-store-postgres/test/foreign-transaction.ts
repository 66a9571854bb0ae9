import type { TestDatabase } from '@writ/build-tools'
import pg from 'pg'

/** A transaction of somebody else's on the same server, who has written and does not come to an end until told to. */
export async function foreignTransaction({ connectionString, schema }: TestDatabase): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  const table = `${schema}.foreign_notes`
  await client.query(`create table if not exists ${table} (note text)`)
  await client.query(`begin; insert into ${table} values ('written, and not committed')`)
  return async () => {
    await client.query('commit')
    await client.end()
  }
}
