import type { Application } from '@writ/application'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { inject } from 'inversify'
import { BANK } from '../bank.js'
import { ACCOUNT_ACTIVITY, AccountActivity } from './account-activity.js'

export class PostgresAccountActivity extends AccountActivity {
  constructor(@inject(BANK) private readonly bank: Application<SqlTransaction>) {
    super()
  }

  inactiveSince(time: Date): Promise<number> {
    return this.bank.readModel(ACCOUNT_ACTIVITY, async ({ sql, table }) => {
      const [row] = await sql<{ total: string }>`
        select count(*) as total from ${table('account_activity')} where last_movement <= ${time.toISOString()}`
      return Number(row?.total)
    })
  }
}
