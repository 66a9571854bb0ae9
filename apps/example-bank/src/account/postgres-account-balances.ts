import type { Application } from '@writ/application'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { inject } from 'inversify'
import { BANK } from '../bank.js'
import { ACCOUNT_BALANCES, type AccountBalance, AccountBalances } from './account-balances.js'

export class PostgresAccountBalances extends AccountBalances {
  constructor(@inject(BANK) private readonly bank: Application<SqlTransaction>) {
    super()
  }

  // #region find
  find(account: string): Promise<AccountBalance | undefined> {
    return this.bank.readModel(ACCOUNT_BALANCES, async ({ sql, table }) => {
      // The driver gives a bigint as text, for it may be beyond 2^53; these never are.
      const [row] = await sql<
        Record<'account' | 'owner' | 'balance' | 'version' | 'position', string> & Pick<AccountBalance, 'status'>
      >`
        select account, owner, status, balance, version, position from ${table('account_balances')} where account = ${account}`
      return row && { ...row, balance: Number(row.balance), version: Number(row.version), position: Number(row.position) }
    })
  }
  // #endregion find
}
