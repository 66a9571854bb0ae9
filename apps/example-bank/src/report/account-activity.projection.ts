import { On, Projection, type ProjectionContext, type ReadModelContext } from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { AccountOpened, MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from '../account/account.events.js'
import { ACCOUNT_ACTIVITY } from './account-activity.js'

type Context = ProjectionContext<SqlTransaction>

@Projection({ name: ACCOUNT_ACTIVITY, version: 2, schema: 'bank', consistency: 'strong' })
export class AccountActivityProjection {
  async setUp({ sql, table, index }: ReadModelContext<SqlTransaction>) {
    await sql`
      create table if not exists ${table('account_activity')} (account text primary key, last_movement timestamptz not null)`
    await sql`
      create index if not exists ${index('account_activity_last_movement')} on ${table('account_activity')} (last_movement)`
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

  private async moved(account: string, { sql, table, event }: Context): Promise<void> {
    await sql`
      insert into ${table('account_activity')} (account, last_movement) values (${account}, ${event.createdAt.toISOString()})
      on conflict (account) do update set last_movement = excluded.last_movement`
  }
}
