import 'reflect-metadata'
import { closingAfterEach, until } from '@writ/build-tools'
import { systemRuntime } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { processManager, start } from '@writ/process-manager'
import { DepositTwice, Savings, savings } from '../test/savings.js'
import {
  Account,
  Balances,
  BalancesProjection,
  DepositMoney,
  Letters,
  MoneyWithdrawn,
  SendMoney,
  smallBank,
} from '../test/small-bank.js'
import { Application } from './application.js'
import { Branch } from './branch.js'
import { type Module, module } from './module.js'

describe('a branch of an application', () => {
  const closeLater = closingAfterEach()

  const bank = async (log = new InMemoryLog()) => {
    const letters = new Letters()
    const app = await Application.create({ store: inMemoryEventStore({ log }), modules: [smallBank(letters)] })
    closeLater(() => app.stop())
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

  it('can be branched with handlers and process managers that do not run in it themselves', async () => {
    const { app, balance } = await bank()
    const what = await app.branch({ processManagers: false })
    const further = await what.app.branch({ run: [BalancesProjection] })
    await further.app.dispatch(send('t1', 30))
    await further.app.settled()
    expect(await balance(further.app, 'bob')).toBe(130)
    expect(further.app.get(Balances).byAccount.get('bob')).toBe(130)
    await what.discard()
  })

  it('parts in the middle of what one command wrote, which can then be sent again', async () => {
    const app = await Application.create({ store: inMemoryEventStore(), modules: [savings] })
    closeLater(() => app.stop())
    await app.start()
    const twice = new DepositTwice({ account: 'ann', amount: 5 })
    const { position } = await app.dispatch(twice, { commandId: 'twice' })
    const what = await app.branch({ at: { position: position - 1 } })
    expect(await what.app.stateOf(Savings, 'ann')).toMatchObject({ version: 1, state: { balance: 5 } })
    expect(await app.stateOf(Savings, 'ann', { at: { position: position - 1 } })).toMatchObject({ version: 1 })
    expect(await what.app.dispatch(twice, { commandId: 'twice' })).toMatchObject({ version: 3, position: position + 1 })
    expect(await what.changesOf(Savings, 'ann')).toEqual([{ path: ['balance'], kind: 'changed', before: 5, after: 15 }])
    await what.discard()
  })

  it('does not know what the application has refused since, and knows what it refused before', async () => {
    const { app } = await bank()
    const low = { code: 'balance-too-low' }
    await expect(app.dispatch(send('t1', 200), { commandId: 'before' })).rejects.toMatchObject(low)
    const what = await app.branch()
    await expect(app.dispatch(send('t2', 200), { commandId: 'later' })).rejects.toMatchObject(low)
    await what.app.dispatch(new DepositMoney({ account: 'ann', amount: 200 }))
    await expect(what.app.dispatch(send('t1', 200), { commandId: 'before' })).rejects.toMatchObject(low)
    expect(await what.app.dispatch(send('t2', 200), { commandId: 'later' })).toMatchObject({ version: 3 })
    await what.discard()
  })

  it('lets process managers that began later answer nothing that came before them', async () => {
    const log = new InMemoryLog()
    const open = async (modules: readonly Module[]) => {
      const app = await Application.create({ store: inMemoryEventStore({ log }), modules })
      closeLater(() => app.stop())
      await app.start()
      return app
    }
    const first = await open([module({ name: 'bank', aggregates: [Account] })])
    await first.dispatch(new DepositMoney({ account: 'ann', amount: 100 }))
    // Nobody carries it over.
    const { position } = await first.dispatch(send('lost', 10))
    await first.stop()
    const app = await open([laterBank('current')])
    await app.dispatch(send('t1', 20))
    await app.settled()
    // Ann's money has left at the next position; it arrives two positions later.
    await until('its process manager has noted how far it is', async () => {
      const [partition] = await app.store.checkpoints.list('later-transfers')
      return partition!.checkpoint > position
    })
    for (const [at, bob] of [
      [position, 0],
      [position + 1, 20],
      [position + 2, 20],
      [position + 3, 20],
    ] as const) {
      const what = await app.branch({ at: { position: at } })
      await what.app.settled()
      expect((await what.app.stateOf(Account, 'bob')).state.balance).toBe(bob)
      await what.app.dispatch(send('t2', 5))
      await what.app.settled()
      expect((await what.app.stateOf(Account, 'bob')).state.balance).toBe(bob + 5)
      await what.discard()
    }
    await app.stop()
    const fixed = await open([laterBank(position)])
    await fixed.settled()
    const what = await fixed.branch({ at: { position: position + 1 } })
    await what.app.settled()
    expect((await what.app.stateOf(Account, 'bob')).state.balance).toBe(20)
    await what.discard()
  })

  it('can be thrown away while commands are under way, and its application as well', async () => {
    const { app, log } = await bank()
    const held = JSON.stringify([log.events, [...log.receipts.values()]])
    for (const end of [(what: Branch) => what.discard(), () => app.stop()]) {
      const what = await app.branch({ run: [BalancesProjection] })
      const replies = Array.from({ length: 50 }, (_, n) => what.app.dispatch(send(`t${n}`, 1), { commandId: `c${n}` }))
      const outcomes = Promise.allSettled(replies)
      await end(what)
      for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'fulfilled' })
      await expect(what.app.dispatch(send('late', 1))).rejects.toMatchObject({ code: 'application-not-running' })
      await expect(what.changesOf(Account, 'ann')).rejects.toMatchObject({ code: 'application-not-running' })
      await what.discard()
    }
    expect(JSON.stringify([log.events, [...log.receipts.values()]])).toBe(held)
  })

  it('does not outlast an application that ends while it is being made', async () => {
    const refused = { code: 'application-not-running' }
    let inTheMaking = 0
    for (let turns = 0; turns < 60; turns += 3) {
      const { app } = await bank()
      const branching = app.branch().catch((error: unknown) => error)
      for (let turn = 0; turn < turns; turn++) await undefined
      await app.stop()
      const made = await branching
      if (made instanceof Branch) await expect(made.app.dispatch(send('t1', 1))).rejects.toMatchObject(refused)
      else expect(made).toMatchObject(refused)
      if (!(made instanceof Branch)) inTheMaking++
    }
    expect(inTheMaking).toBeGreaterThan(0)
  })

  it('leaves nothing running where it can not begin', async () => {
    const { app } = await bank()
    const stopped: boolean[] = []
    const failing = module({
      name: 'failing',
      modules: [smallBank()],
      bindings: (container) => {
        container
          .bind('held')
          .toConstantValue({})
          .onDeactivation(() => void stopped.push(true))
        container.get('held')
      },
    })
    const { receipts } = app.store
    const moment = receipts.moment.bind(receipts)
    receipts.moment = () => Promise.reject(new Error('no moment'))
    await expect(app.branch({ modules: [failing] })).rejects.toThrow('no moment')
    receipts.moment = moment
    expect(stopped).toEqual([true])
    await (await app.branch()).discard()
  })

  it('runs no handlers of modules within modules either, but those that it is asked for', async () => {
    const letters = new Letters()
    const outer = module({ name: 'outer', modules: [smallBank(letters)] })
    const app = await Application.create({ store: inMemoryEventStore(), modules: [outer] })
    closeLater(() => app.stop())
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
    closeLater(() => app.stop())
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
    [{ at: { position: 1.5 } }, 'at.position'],
    [{ at: { position: Number.POSITIVE_INFINITY } }, 'at.position'],
    [{ at: { position: '2' as never } }, 'at.position'],
    [{ at: { date: new Date(Number.NaN) } }, 'at.date'],
    [{ at: { date: '2026-01-01' as never } }, 'at.date'],
    [{ at: {} as never }, 'at'],
    [{ at: { position: 1, date: new Date() } as never }, 'at'],
    [{ at: { version: 1 } as never }, 'version'],
    [{ at: 5 as never }, 'options'],
    [{ at: null as never }, 'options'],
    [{ processManagers: 'no' as never }, 'processManagers'],
    [{ run: BalancesProjection as never }, 'run'],
    [{ run: [undefined as never] }, 'run'],
    [{ modules: 'bank' as never }, 'modules'],
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

/** The bank with a process manager that begins somewhere else than with the log. */
function laterBank(startFrom: 'current' | number): Module {
  const transfers = processManager({
    name: 'later-transfers',
    correlate: 'transfer',
    startFrom,
    reactions: [start(MoneyWithdrawn, ({ to, amount, transfer }) => new DepositMoney({ account: to, amount, transfer }))],
  })
  return module({ name: 'bank', aggregates: [Account], processManagers: [transfers] })
}
