import { On, Projection, type ProjectionContext, type ReadModelContext } from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { MoneyWithdrawn } from '../account/account.events.js'
import { TRANSACTIONS } from './transactions.js'
import { utcDay } from './utc-day.js'

@Projection({ name: TRANSACTIONS, version: 2, schema: 'bank', consistency: 'strong' })
export class TransactionProjection {
  async setUp({ sql, table }: ReadModelContext<SqlTransaction>) {
    await sql`create table if not exists ${table('transactions')} (day date primary key, sum bigint not null, count bigint not null)`
  }

  @On(MoneyWithdrawn)
  async withdrawn({ amount }: MoneyWithdrawn, { sql, table, event }: ProjectionContext<SqlTransaction>) {
    await sql`
      insert into ${table('transactions')} as known (day, sum, count) values (${utcDay(event.createdAt)}, ${amount}, 1)
      on conflict (day) do update set sum = known.sum + excluded.sum, count = known.count + 1`
  }
}
