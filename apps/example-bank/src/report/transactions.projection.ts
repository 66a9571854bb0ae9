import { On, Projection, type ProjectionContext } from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { inject } from 'inversify'
import { MoneyWithdrawn } from '../account/account.events.js'
import { Database } from '../storage/database.js'
import { TRANSACTIONS, Transactions, type TransactionTotal } from './transactions.js'
import { utcDay } from './utc-day.js'

@Projection({ name: TRANSACTIONS, version: 1, consistency: 'strong' })
export class TransactionProjection extends Transactions {
  constructor(@inject(Database) private readonly database: Database) {
    super()
  }

  async setUp({ sql }: SqlTransaction) {
    await sql`create table if not exists bank.transactions (day date primary key, sum bigint not null, count bigint not null)`
  }

  @On(MoneyWithdrawn)
  async withdrawn({ amount }: MoneyWithdrawn, { sql, event }: ProjectionContext<SqlTransaction>) {
    await sql`
      insert into bank.transactions as known (day, sum, count) values (${utcDay(event.createdAt)}, ${amount}, 1)
      on conflict (day) do update set sum = known.sum + excluded.sum, count = known.count + 1`
  }

  async between(first: string, last: string): Promise<TransactionTotal> {
    const [row] = await this.database.sql<Record<'sum' | 'count', string>>`
      select coalesce(sum(sum), 0) as sum, coalesce(sum(count), 0) as count from bank.transactions
      where day between ${first}::date and ${last}::date`
    return { sum: Number(row?.sum), count: Number(row?.count) }
  }
}
