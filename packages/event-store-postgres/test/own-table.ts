import { randomBytes } from 'node:crypto'
import type { TestDatabase } from '@writ/build-tools'
import type { Table } from '@writ/event-store'
import pg from 'pg'

/** A table of the user's own, with accounts. It stands in the schema of the test, and goes with it. */
export async function ownTable({ connectionString, schema }: TestDatabase): Promise<Table> {
  const name = `${schema}.accounts_${randomBytes(5).toString('hex')}`
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(`create table ${name} (account text primary key, amount bigint, note text)`)
  await client.end()
  return { name, key: 'account' }
}
