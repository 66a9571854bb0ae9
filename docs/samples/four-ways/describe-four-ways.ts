import { closingAfterEach } from '@writ/build-tools'
import 'reflect-metadata'
import type { AggregateDefinition } from '@writ/aggregate'
import { Application, type Module, module } from '@writ/application'
import { type Class, type EventStore, eventsOf, type Row } from '@writ/event-store'
import { Account as Record } from './active-record.js'
import { Account as Classic } from './classic.js'
import { Account as EventSourced } from './event-sourced.js'
import { DepositMoney, WithdrawMoney } from './messages.js'
import { RegisterUser, Rounding, registerUser, SetPrice, SetPriceHandler } from './no-aggregate.js'
import { account as pureModel } from './pure-model.js'

export interface Shop {
  readonly store: EventStore
  row(table: string, key: string): Promise<Row | undefined>
}

/** @param open gives a new database with the tables of the samples */
export function describeFourWays(name: string, open: () => Promise<Shop>): void {
  describe(`the four ways, on ${name}`, () => {
    const closeLater = closingAfterEach()

    async function start(parts: Partial<Module>) {
      const { store, row } = await open()
      const app = await Application.create({ store, modules: [module({ name: 'shop', ...parts })] })
      closeLater(() => app.stop())
      await app.start()
      const types = async (stream: string) => {
        const found: string[] = []
        for await (const { type } of eventsOf(store.readStream(stream))) found.push(type)
        return found
      }
      return { app, row, types }
    }

    const ways: [
      string,
      Class<{ balance: number }> | AggregateDefinition<{ balance: number }>,
      { isInRow: boolean; isTold: boolean },
    ][] = [
      ['full event sourcing', EventSourced, { isInRow: false, isTold: true }],
      ['classic relational', Classic, { isInRow: true, isTold: true }],
      ['pure model-update', pureModel, { isInRow: true, isTold: false }],
      ['pure model-update, as a class', Record, { isInRow: true, isTold: false }],
    ]
    it.each(ways)('%s: decides, refuses, and stores what is valid', async (_, aggregate, { isInRow, isTold }) => {
      const { app, row, types } = await start({ aggregates: [aggregate as Class<object>] })
      await app.dispatch(new DepositMoney({ account: '42', amount: 5 }))
      await app.dispatch(new WithdrawMoney({ account: '42', amount: 2 }))
      const tooMuch = app.dispatch(new WithdrawMoney({ account: '42', amount: 9 }))
      await expect(tooMuch).rejects.toMatchObject({ code: 'balance-too-low' })
      expect(await types('account-42')).toEqual(['money-deposited', 'money-withdrawn'])
      expect(await app.stateOf(aggregate, '42')).toMatchObject({ state: { balance: 3 }, version: 2 })
      expect(await row('accounts', '42')).toEqual(isInRow ? { account: '42', version: 2, balance: 3 } : undefined)
      const past = app.stateOf(aggregate, '42', { at: { version: 1 } })
      if (isTold) expect(await past).toMatchObject({ state: { balance: 5 } })
      else await expect(past).rejects.toMatchObject({ code: 'state-not-told' })
    })

    it('no aggregate: changes rows that it locks, with what is injected', async () => {
      const { app, row, types } = await start({
        commandHandlers: [SetPriceHandler],
        bindings: (container) => void container.bind(Rounding).toSelf(),
      })
      const first = await app.dispatch(new SetPrice({ product: 'tea', cents: 298 }))
      await app.dispatch(new SetPrice({ product: 'tea', cents: 300 }))
      await Promise.all([1, 2, 3].map((step) => app.dispatch(new SetPrice({ product: 'tea', cents: 300 + step * 5 }))))
      expect(first).toMatchObject({ stream: 'price-tea', version: 1 })
      expect(await types('price-tea')).toEqual(Array(4).fill('price-changed'))
      expect(await row('prices', 'tea')).toMatchObject({ cents: 315 })
    })

    it('no aggregate: keeps a rule by a boundary, and answers repetitions by receipts', async () => {
      const { app, types } = await start({ commandHandlers: [registerUser] })
      const register = (user: string, commandId?: string) =>
        app.dispatch(new RegisterUser({ user, email: 'ann@example.com' }), commandId === undefined ? {} : { commandId })
      const settled = await Promise.allSettled(['ann', 'bob', 'cid'].map((user) => register(user)))
      expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
      const user = ['ann', 'bob', 'cid'][settled.findIndex(({ status }) => status === 'fulfilled')]!
      expect(await types(`user-${user}`)).toEqual(['user-registered'])
      await expect(register('dan', 'd')).rejects.toMatchObject({ code: 'email-taken' })
      await expect(register('dan', 'd')).rejects.toMatchObject({ code: 'email-taken' })
    })

    it('no aggregate: takes part in a transaction of several commands', async () => {
      const { app, row } = await start({
        commandHandlers: [SetPriceHandler, registerUser],
        bindings: (container) => void container.bind(Rounding).toSelf(),
      })
      await app.transaction(async ({ dispatch }) => {
        await dispatch(new SetPrice({ product: 'tea', cents: 5 }))
        await dispatch(new RegisterUser({ user: 'ann', email: 'ann@example.com' }))
        const again = dispatch(new RegisterUser({ user: 'bob', email: 'ann@example.com' }))
        await expect(again).rejects.toMatchObject({ code: 'email-taken' })
        await dispatch(new SetPrice({ product: 'tea', cents: 10 }))
      })
      expect(await row('prices', 'tea')).toMatchObject({ cents: 10 })
      expect(await app.dispatch(new SetPrice({ product: 'tea', cents: 15 }))).toMatchObject({ version: 3 })
    })
  })
}
