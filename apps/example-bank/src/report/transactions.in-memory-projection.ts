import { type HandlerContext, On, Projection } from '@writ/event-handler'
import { MoneyWithdrawn } from '../account/account.events.js'
import { TRANSACTIONS, Transactions, type TransactionTotal } from './transactions.js'
import { utcDay } from './utc-day.js'

@Projection({ name: TRANSACTIONS, version: 2, consistency: 'strong' })
export class InMemoryTransactionProjection extends Transactions {
  private readonly days = new Map<string, TransactionTotal & { readonly position: number }>()

  @On(MoneyWithdrawn)
  async withdrawn({ amount }: MoneyWithdrawn, { event: { createdAt, position } }: HandlerContext) {
    const day = utcDay(createdAt)
    const known = this.days.get(day) ?? { sum: 0, count: 0, position: 0 }
    if (known.position < position) this.days.set(day, { sum: known.sum + amount, count: known.count + 1, position })
  }

  async between(first: string, last: string): Promise<TransactionTotal> {
    const days = [...this.days].filter(([day]) => first <= day && day <= last).map(([, total]) => total)
    return {
      sum: days.reduce((total, { sum }) => total + sum, 0),
      count: days.reduce((total, { count }) => total + count, 0),
    }
  }
}
