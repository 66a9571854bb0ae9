// #region live-class
import type { Application } from '@writ/application'
import { LiveProjection, liveProjection, On } from '@writ/event-handler'
import { MoneyDeposited, MoneyWithdrawn } from './events.js'

@LiveProjection({ name: 'turnover', category: 'account' })
export class Turnover {
  total = 0

  @On(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.total += amount
  }

  @On(MoneyWithdrawn)
  withdrawn({ amount }: MoneyWithdrawn) {
    this.total += amount
  }
}
// #endregion live-class

// #region live-value
export const largestDeposit = liveProjection({
  name: 'largest-deposit',
  events: [MoneyDeposited],
  initialState: () => ({ account: '', amount: 0 }),
  evolve: { 'money-deposited': (largest, { account, amount }) => (amount > largest.amount ? { account, amount } : largest) },
})
// #endregion live-value

// #region live-read
export async function report(app: Application, endOfYear: Date) {
  const now = await app.live(Turnover)
  const then = await app.live(Turnover, { at: { date: endOfYear } })
  const largest = await app.live(largestDeposit, { at: { position: now.position } })
  return { total: now.state.total, before: then.state.total, largest: largest.state }
}
// #endregion live-read
