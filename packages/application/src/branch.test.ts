import 'reflect-metadata'
import { systemRuntime } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { savings } from '../test/savings.js'
import { Account, Balances, BalancesProjection, DepositMoney, Letters, SendMoney, smallBank } from '../test/small-bank.js'
import { Application } from './application.js'
import { module } from './module.js'

describe('a branch of an application', () => {
  const running: Application[] = []
  afterEach(async () => {
    for (const app of running.splice(0)) await app.stop()
  })

  const bank = async (log = new InMemoryLog()) => {
    const letters = new Letters()
    const app = await Application.create({ store: inMemoryEventStore({ log }), modules: [smallBank(letters)] })
    running.push(app)
    await app.start()
    for (const account of ['ann', 'bob']) await app.dispatch(new DepositMoney({ account, amount: 100 }))
    const balance = async (of: Application, account: string) => (await of.stateOf(Account, account)).state.balance
    return { app, letters, log, balance }
  }
  const send = (transfer: string, amount: number) => new SendMoney({ account: 'ann', amount, transfer, to: 'bob' })

  it('takes commands, runs process managers, and leaves the application as it is', async () => {
    const { app, balance, log } = await bank()
    const before = JSON.stringify(log.events)
    const what = await app.branch()
    await what.app.dispatch(send('t1', 30))
    await what.app.settled()
    expect([await balance(what.app, 'ann'), await balance(what.app, 'bob')]).toEqual([70, 130])
    expect([await balance(app, 'ann'), await balance(app, 'bob')]).toEqual([100, 100])
    await what.discard()
    expect(JSON.stringify(log.events)).toBe(before)
    await expect(what.app.dispatch(send('t2', 1))).rejects.toMatchObject({ code: 'application-not-running' })
    expect(await app.dispatch(send('t1', 30))).toMatchObject({ version: 2 })
  })

  it('tells what has happened in it, and in what a state differs from where it parted', async () => {
    const { app } = await bank()
    const what = await app.branch()
    await what.app.dispatch(send('t1', 30))
    await what.app.settled()
    const happened = []
    for await (const { type, stream } of what.events()) happened.push(`${stream} ${type}`)
    expect(happened).toEqual(['account-ann money-withdrawn', 'account-bob money-deposited'])
    expect(await what.changesOf(Account, 'bob')).toEqual([{ path: ['balance'], kind: 'changed', before: 100, after: 130 }])
    expect(await what.changesOf(Account, 'cem')).toEqual([])
    await what.discard()
  })

  it('sends no letters, for handlers run in it only when they are asked to', async () => {
    const { app, letters } = await bank()
    const what = await app.branch({ run: [BalancesProjection] })
    await what.app.dispatch(send('t1', 30))
    await what.app.settled()
    expect(what.app.get(Balances).byAccount).toEqual(
      new Map([
        ['ann', 70],
        ['bob', 130],
      ]),
    )
    expect(app.get(Balances).byAccount.get('ann')).toBe(100)
    expect(letters.sent).toEqual([])
    await what.discard()
  })

  it('can part in the past, by position or by date', async () => {
    let now = Date.UTC(2026, 0, 1)
    const { app, balance } = await bank(new InMemoryLog({ runtime: { ...systemRuntime, now: () => now } }))
    const then = new Date(now)
    now += 60_000
    await app.dispatch(send('t1', 100))
    await app.settled()
    for (const at of [{ position: 2 }, { date: then }]) {
      const what = await app.branch({ at })
      expect(what.at).toBe(2)
      await what.app.dispatch(send('t2', 60))
      await what.app.settled()
      expect([await balance(what.app, 'ann'), await balance(what.app, 'bob')]).toEqual([40, 160])
      await what.discard()
    }
    expect((await app.branch({ at: { date: new Date(0) } })).at).toBe(0)
    expect((await app.branch({ at: { position: 10_000 } })).at).toBe((await app.store.head()).position)
  })

  it('finishes what process managers had not finished where it parted, and does nothing twice', async () => {
    const { app, balance } = await bank()
    await app.dispatch(send('t1', 40))
    await app.settled()
    // Ann's money has left at position 3; everything that follows from it came later.
    for (const position of [3, 4, 5, 6]) {
      const what = await app.branch({ at: { position } })
      await what.app.settled()
      expect([await balance(what.app, 'ann'), await balance(what.app, 'bob')]).toEqual([60, 140])
      await what.discard()
    }
  })

  it('can run without process managers', async () => {
    const { app, balance } = await bank()
    const what = await app.branch({ processManagers: false })
    await what.app.dispatch(send('t1', 30))
    await what.app.settled()
    expect(await balance(what.app, 'bob')).toBe(100)
    await what.discard()
  })

  it('can be branched itself', async () => {
    const { app, balance } = await bank()
    const what = await app.branch()
    await what.app.dispatch(send('t1', 30))
    await what.app.settled()
    const further = await what.app.branch()
    await further.app.dispatch(send('t2', 30))
    await further.app.settled()
    expect([await balance(further.app, 'ann'), await balance(what.app, 'ann'), await balance(app, 'ann')]).toEqual([40, 70, 100])
    await further.discard()
    await what.discard()
  })

  it('runs no handlers of modules within modules either, but those that it is asked for', async () => {
    const letters = new Letters()
    const outer = module({ name: 'outer', modules: [smallBank(letters)] })
    const app = await Application.create({ store: inMemoryEventStore(), modules: [outer] })
    running.push(app)
    await app.start()
    for (const account of ['ann', 'bob']) await app.dispatch(new DepositMoney({ account, amount: 100 }))
    const what = await app.branch({ run: [BalancesProjection] })
    await what.app.dispatch(send('t1', 30))
    await what.app.settled()
    expect(what.app.get(Balances).byAccount.get('bob')).toBe(130)
    expect(letters.sent).toEqual([])
    await what.discard()
  })

  it('may be made of other modules than the application, whose settings it has all the same', async () => {
    const app = await Application.create({
      store: inMemoryEventStore(),
      modules: [smallBank(), savings],
      aggregates: { byCategory: { savings: { snapshotEvery: 5 }, account: { snapshotEvery: 1, snapshotVersion: 7 } } },
    })
    running.push(app)
    await app.start()
    await app.dispatch(new DepositMoney({ account: 'ann', amount: 100 }))
    const what = await app.branch({ modules: [smallBank()] })
    await what.app.dispatch(new DepositMoney({ account: 'ann', amount: 1 }))
    expect((await what.app.stateOf(Account, 'ann')).state.balance).toBe(101)
    await what.discard()
    await expect(
      Application.create({ store: inMemoryEventStore(), modules: [savings], aggregates: { byCategory: { account: {} } } }),
    ).rejects.toMatchObject({ code: 'invalid-option', option: 'aggregates.byCategory.account' })
  })

  it('ends with the application that it was made of', async () => {
    const { app } = await bank()
    const what = await app.branch()
    const further = await what.app.branch()
    await app.stop()
    for (const { app: branched } of [what, further])
      await expect(branched.dispatch(send('t1', 1))).rejects.toMatchObject({ code: 'application-not-running' })
  })

  it.each([
    [{ at: { position: -1 } }, 'at.position'],
    [{ at: { date: new Date(Number.NaN) } }, 'at.date'],
    [{ run: [Account] }, 'run'],
    [{ until: 5 } as object, 'until'],
  ])('is refused with %p', async (options, option) => {
    const { app } = await bank()
    await expect(app.branch(options)).rejects.toMatchObject({ code: 'invalid-option', option })
  })

  it('is refused before the start', async () => {
    const app = await Application.create({ store: inMemoryEventStore(), modules: [smallBank()] })
    await expect(app.branch()).rejects.toMatchObject({ code: 'application-not-running' })
  })
})
