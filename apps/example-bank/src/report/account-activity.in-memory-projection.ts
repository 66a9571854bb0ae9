import { type HandlerContext, On, Projection } from '@writ/event-handler'
import { AccountOpened, MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from '../account/account.events.js'
import { ACCOUNT_ACTIVITY, AccountActivity } from './account-activity.js'

@Projection({ name: ACCOUNT_ACTIVITY, version: 2, consistency: 'strong' })
export class InMemoryAccountActivityProjection extends AccountActivity {
  private readonly lastMovements = new Map<string, Date>()

  @On(AccountOpened)
  async opened({ account }: AccountOpened, context: HandlerContext) {
    this.moved(account, context)
  }

  @On(MoneyDeposited)
  async deposited({ account }: MoneyDeposited, context: HandlerContext) {
    this.moved(account, context)
  }

  @On(MoneyWithdrawn)
  async withdrawn({ account }: MoneyWithdrawn, context: HandlerContext) {
    this.moved(account, context)
  }

  @On(MoneyRefunded)
  async refunded({ account }: MoneyRefunded, context: HandlerContext) {
    this.moved(account, context)
  }

  async inactiveSince(time: Date): Promise<number> {
    return [...this.lastMovements.values()].filter((last) => last <= time).length
  }

  private moved(account: string, { event: { createdAt } }: HandlerContext): void {
    this.lastMovements.set(account, createdAt)
  }
}
