import { On, Projection, type ProjectionContext } from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { inject } from 'inversify'
import { Database } from '../storage/database.js'
import { AccountOpened, AccountVerified, MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from './account.events.js'
import { ACCOUNT_BALANCES, type AccountBalance, AccountBalances } from './account-balances.js'

type Context = ProjectionContext<SqlTransaction>

/** Balances in PostgreSQL: rows and checkpoint change in one transaction, so each event counts exactly once. */
@Projection({ name: ACCOUNT_BALANCES, version: 1, consistency: 'strong' })
export class AccountBalanceProjection extends AccountBalances {
  constructor(@inject(Database) private readonly database: Database) {
    super()
  }

  async setUp({ sql }: SqlTransaction) {
    await sql`
      create table if not exists bank.account_balances (
        account text primary key,
        owner text not null,
        status text not null,
        balance bigint not null,
        version bigint not null,
        position bigint not null
      )`
  }

  @On(AccountOpened)
  async opened({ account, owner, balance }: AccountOpened, { sql, event }: Context) {
    await sql`
      insert into bank.account_balances (account, owner, status, balance, version, position)
      values (${account}, ${owner}, 'unverified', ${balance}, ${event.version}, ${event.position})`
  }

  @On(AccountVerified)
  async verified({ account }: AccountVerified, { sql, event }: Context) {
    await sql`
      update bank.account_balances set status = 'verified', version = ${event.version}, position = ${event.position}
      where account = ${account}`
  }

  // #region deposited
  @On(MoneyDeposited)
  async deposited({ account, amount }: MoneyDeposited, { sql, event }: Context) {
    await sql`
      update bank.account_balances set balance = balance + ${amount}, version = ${event.version}, position = ${event.position}
      where account = ${account}`
  }
  // #endregion deposited

  @On(MoneyWithdrawn)
  async withdrawn({ account, amount }: MoneyWithdrawn, { sql, event }: Context) {
    await sql`
      update bank.account_balances set balance = balance - ${amount}, version = ${event.version}, position = ${event.position}
      where account = ${account}`
  }

  @On(MoneyRefunded)
  async refunded({ account, amount }: MoneyRefunded, { sql, event }: Context) {
    await sql`
      update bank.account_balances set balance = balance + ${amount}, version = ${event.version}, position = ${event.position}
      where account = ${account}`
  }

  async find(account: string): Promise<AccountBalance | undefined> {
    // The driver gives a bigint as text, for it may be beyond 2^53; these never are.
    const [row] = await this.database.sql<
      Record<'account' | 'owner' | 'balance' | 'version' | 'position', string> & Pick<AccountBalance, 'status'>
    >`
      select account, owner, status, balance, version, position from bank.account_balances where account = ${account}`
    return row && { ...row, balance: Number(row.balance), version: Number(row.version), position: Number(row.position) }
  }
}
