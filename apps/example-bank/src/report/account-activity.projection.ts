import { On, Projection, type ProjectionContext } from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { inject } from 'inversify'
import { AccountOpened, MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from '../account/account.events.js'
import { Database } from '../storage/database.js'
import { ACCOUNT_ACTIVITY, AccountActivity } from './account-activity.js'

type Context = ProjectionContext<SqlTransaction>

@Projection({ name: ACCOUNT_ACTIVITY, version: 1, consistency: 'strong' })
export class AccountActivityProjection extends AccountActivity {
  constructor(@inject(Database) private readonly database: Database) {
    super()
  }

  async setUp({ sql }: SqlTransaction) {
    await sql`create table if not exists bank.account_activity (account text primary key, last_movement timestamptz not null)`
    await sql`create index if not exists account_activity_last_movement on bank.account_activity (last_movement)`
  }

  @On(AccountOpened)
  async opened({ account }: AccountOpened, context: Context) {
    await this.moved(account, context)
  }

  @On(MoneyDeposited)
  async deposited({ account }: MoneyDeposited, context: Context) {
    await this.moved(account, context)
  }

  @On(MoneyWithdrawn)
  async withdrawn({ account }: MoneyWithdrawn, context: Context) {
    await this.moved(account, context)
  }

  @On(MoneyRefunded)
  async refunded({ account }: MoneyRefunded, context: Context) {
    await this.moved(account, context)
  }

  async inactiveSince(time: Date): Promise<number> {
    const [row] = await this.database.sql<{ total: string }>`
      select count(*) as total from bank.account_activity where last_movement <= ${time.toISOString()}`
    return Number(row?.total)
  }

  private async moved(account: string, { sql, event }: Context): Promise<void> {
    await sql`
      insert into bank.account_activity (account, last_movement) values (${account}, ${event.createdAt.toISOString()})
      on conflict (account) do update set last_movement = excluded.last_movement`
  }
}
