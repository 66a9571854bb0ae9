import 'reflect-metadata'
import { LiveProjection, liveProjection, On, Projection } from '@writ/event-handler'
import { Event } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { DepositMoney, MoneyDeposited, smallBank } from '../test/small-bank.js'
import { Application } from './application.js'

@LiveProjection({ name: 'largest' })
class LargestDeposit {
  amount = 0

  @On(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.amount = Math.max(this.amount, amount)
  }
}

@Projection({ name: 'counts', version: 3 })
class DepositCounts {
  readonly byAccount: Record<string, number> = {}

  @On(MoneyDeposited)
  deposited({ account }: MoneyDeposited) {
    this.byAccount[account] = (this.byAccount[account] ?? 0) + 1
  }
}

class Stranger extends Event('stranger', z.object({})) {}

describe('app.live', () => {
  let app: Application
  beforeEach(async () => {
    app = await Application.create({ store: inMemoryEventStore(), modules: [smallBank()] })
    await app.start()
    for (const [account, amount] of [
      ['a', 5],
      ['b', 7],
      ['a', 2],
    ] as const)
      await app.dispatch(new DepositMoney({ account, amount }))
  })
  afterEach(() => app.stop())

  it('folds a live projection as of now, of a position and of a date', async () => {
    expect(await app.live(LargestDeposit)).toEqual({ state: { amount: 7 }, position: 3 })
    expect(await app.live(LargestDeposit, { at: { position: 1 } })).toEqual({ state: { amount: 5 }, position: 1 })
    expect(await app.live(LargestDeposit, { at: { date: new Date(0) } })).toEqual({ state: { amount: 0 }, position: 0 })
  })

  it('shows a projection in memory as it was', async () => {
    const { state } = await app.live(DepositCounts, { at: { position: 2 } })
    expect(state.byAccount).toEqual({ a: 1, b: 1 })
  })

  it('refuses what it can not fold, and options that it does not have', async () => {
    const strange = liveProjection({ name: 's', events: [Stranger], initialState: () => 0, evolve: { stranger: (n) => n } })
    await expect(app.live(strange)).rejects.toMatchObject({ code: 'invalid-subscription' })
    await expect(app.live(class Plain {})).rejects.toMatchObject({ code: 'not-decorated' })
    await expect(app.live(LargestDeposit, { at: { position: -1 } })).rejects.toMatchObject({ code: 'invalid-option' })
    await expect(app.live(LargestDeposit, { on: 'now' } as never)).rejects.toMatchObject({ code: 'invalid-option' })
    await expect(app.live(LargestDeposit, { tags: 'a' } as never)).rejects.toMatchObject({ code: 'invalid-option' })
    await app.stop()
    await expect(app.live(LargestDeposit)).rejects.toMatchObject({ code: 'application-not-running' })
  })
})
