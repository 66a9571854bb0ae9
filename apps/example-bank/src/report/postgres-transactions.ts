import type { Application } from '@writ/application'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { inject } from 'inversify'
import { BANK } from '../bank.js'
import { TRANSACTIONS, Transactions, type TransactionTotal } from './transactions.js'

export class PostgresTransactions extends Transactions {
  constructor(@inject(BANK) private readonly bank: Application<SqlTransaction>) {
    super()
  }

  between(first: string, last: string): Promise<TransactionTotal> {
    return this.bank.readModel(TRANSACTIONS, async ({ sql, table }) => {
      const [row] = await sql<Record<'sum' | 'count', string>>`
        select coalesce(sum(sum), 0) as sum, coalesce(sum(count), 0) as count from ${table('transactions')}
        where day between ${first}::date and ${last}::date`
      return { sum: Number(row?.sum), count: Number(row?.count) }
    })
  }
}
