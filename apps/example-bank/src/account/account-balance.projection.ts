import { On, Projection, type ProjectionContext, type ReadModelContext } from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { AccountOpened, AccountVerified, MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from './account.events.js'
import { ACCOUNT_BALANCES } from './account-balances.js'

type Context = ProjectionContext<SqlTransaction>

/**
 * Balances in PostgreSQL: rows and checkpoint change in one transaction, so each event counts exactly once.
 *
 * The tables are this version's own. To make the rows in another way, raise the version.
 */
@Projection({ name: ACCOUNT_BALANCES, version: 2, schema: 'bank', consistency: 'strong' })
export class AccountBalanceProjection {
  async setUp({ sql, table }: ReadModelContext<SqlTransaction>) {
    await sql`
      create table if not exists ${table('account_balances')} (
        account text primary key,
        owner text not null,
        status text not null,
        balance bigint not null,
        version bigint not null,
        position bigint not null
      )`
  }

  @On(AccountOpened)
  async opened({ account, owner, balance }: AccountOpened, { sql, table, event }: Context) {
    await sql`
      insert into ${table('account_balances')} (account, owner, status, balance, version, position)
      values (${account}, ${owner}, 'unverified', ${balance}, ${event.version}, ${event.position})`
  }

  @On(AccountVerified)
  async verified({ account }: AccountVerified, { sql, table, event }: Context) {
    await sql`
      update ${table('account_balances')} set status = 'verified', version = ${event.version}, position = ${event.position}
      where account = ${account}`
  }

  // #region deposited
  @On(MoneyDeposited)
  async deposited({ account, amount }: MoneyDeposited, { sql, table, event }: Context) {
    await sql`
      update ${table('account_balances')} set balance = balance + ${amount}, version = ${event.version}, position = ${event.position}
      where account = ${account}`
  }
  // #endregion deposited

  @On(MoneyWithdrawn)
  async withdrawn({ account, amount }: MoneyWithdrawn, { sql, table, event }: Context) {
    await sql`
      update ${table('account_balances')} set balance = balance - ${amount}, version = ${event.version}, position = ${event.position}
      where account = ${account}`
  }

  @On(MoneyRefunded)
  async refunded({ account, amount }: MoneyRefunded, { sql, table, event }: Context) {
    await sql`
      update ${table('account_balances')} set balance = balance + ${amount}, version = ${event.version}, position = ${event.position}
      where account = ${account}`
  }
}
