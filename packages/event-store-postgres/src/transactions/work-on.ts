import type { AppendsTogether, CollectedAppends, ReadsWithin } from '@writ/event-store'
import type pg from 'pg'
import { type SqlTransaction, transactionSql } from '../sql.js'
import { type ReadsDependencies, readsWithin } from './reads-within.js'
import { TransactionRows } from './rows.js'

export type Work<T> = (transaction: SqlTransaction & AppendsTogether) => Promise<T>

/** Carries out work on a client whose transaction is open, and takes in what it appends. Its handles end with it. */
export async function workOn<T>(
  client: pg.ClientBase,
  work: Work<T>,
  collected: CollectedAppends,
  dependencies: ReadsDependencies,
): Promise<T> {
  const { sql, end } = transactionSql(dependencies.connections, client)
  const rows = new TransactionRows(dependencies.connections, client)
  let reads: ReadsWithin | undefined
  try {
    return await work({
      sql,
      client,
      append: (append) => collected.append(append),
      get reads() {
        reads ??= readsWithin(client, dependencies)
        return reads
      },
      rows: (table) => rows.of(table),
      part: (partOfWork) => rows.part(partOfWork),
    })
  } finally {
    end()
    rows.end()
    collected.end()
  }
}
