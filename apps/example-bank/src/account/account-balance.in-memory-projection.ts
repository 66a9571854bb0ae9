import { type HandlerContext, On, Projection } from '@writ/event-handler'
import { AccountOpened, AccountVerified, MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from './account.events.js'
import { ACCOUNT_BALANCES, type AccountBalance, AccountBalances } from './account-balances.js'

/** The twin for the store in memory, where nothing can be rolled back: a row remembers the position that it has come to. */
@Projection({ name: ACCOUNT_BALANCES, version: 2, consistency: 'strong' })
export class InMemoryAccountBalanceProjection extends AccountBalances {
  private readonly rows = new Map<string, AccountBalance>()

  @On(AccountOpened)
  async opened({ account, owner, balance }: AccountOpened, { event: { version, position } }: HandlerContext) {
    if (!this.rows.has(account)) this.rows.set(account, { account, owner, status: 'unverified', balance, version, position })
  }

  @On(AccountVerified)
  async verified({ account }: AccountVerified, context: HandlerContext) {
    this.change(account, context, () => ({ status: 'verified' }))
  }

  @On(MoneyDeposited)
  async deposited({ account, amount }: MoneyDeposited, context: HandlerContext) {
    this.change(account, context, ({ balance }) => ({ balance: balance + amount }))
  }

  @On(MoneyWithdrawn)
  async withdrawn({ account, amount }: MoneyWithdrawn, context: HandlerContext) {
    this.change(account, context, ({ balance }) => ({ balance: balance - amount }))
  }

  @On(MoneyRefunded)
  async refunded({ account, amount }: MoneyRefunded, context: HandlerContext) {
    this.change(account, context, ({ balance }) => ({ balance: balance + amount }))
  }

  async find(account: string): Promise<AccountBalance | undefined> {
    return this.rows.get(account)
  }

  private change(
    account: string,
    { event: { version, position } }: HandlerContext,
    to: (row: AccountBalance) => Partial<AccountBalance>,
  ) {
    const row = this.rows.get(account)
    if (row && row.position < position) this.rows.set(account, { ...row, ...to(row), version, position })
  }
}
