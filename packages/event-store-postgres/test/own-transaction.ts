import type { TestDatabase } from '@writ/build-tools'
import type { OwnTransaction } from '@writ/event-store-conformance'
import pg from 'pg'
import { refusalOfCommit } from '../src/index.js'

/** A transaction of the user's own, on a connection that ends with it. */
export async function ownTransaction({ connectionString }: Pick<TestDatabase, 'connectionString'>): Promise<OwnTransaction> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query('begin')
  const end = (statement: string) => async () => {
    try {
      await client.query(statement)
    } catch (error) {
      throw refusalOfCommit(error)
    } finally {
      await client.end()
    }
  }
  return { client, commit: end('commit'), rollBack: end('rollback') }
}
