import type { Moment } from '@writ/aggregate'
import { until } from '@writ/build-tools'
import type { EventStore } from '@writ/event-store'
import { Application } from '../../src/index.js'
import { Deposit, Savings, savings, Withdraw } from '../savings.js'
import { Account, Balances, BalancesProjection, DepositMoney, SendMoney, smallBank } from '../small-bank.js'
import { processes } from './processes.js'

/**
 * What looking at other times and worlds is to be able to do, point by point.
 *
 * @param open gives another process on the same data each time
 * @param everything all that the store holds, as text: events, receipts, snapshots, and whatever else there is
 */
export function describeTimeTravel(name: string, open: () => EventStore, everything: () => Promise<string>): void {
  const { start, newName } = processes(name, open, [savings])
  let account = ''
  beforeEach(() => {
    account = newName()
  })

  describe(`time travel, on ${name},`, () => {
    const snapshots = (snapshotEvery: number) => ({ aggregates: { byCategory: { savings: { snapshotEvery } } } })
    const deposits = async (app: Application, many: number) => {
      const stored = []
      for (let n = 1; n <= many; n++) {
        const { events } = await app.dispatch(new Deposit({ account, amount: n }), { returning: 'events' })
        stored.push(events[0]!)
        // Other things happen in between, and time goes on.
        await app.dispatch(new Deposit({ account: `other ${account}`, amount: 1 }))
        const { createdAt } = events[0]!
        while (Date.now() <= createdAt.getTime()) await new Promise(setImmediate)
      }
      return stored
    }
    const sumTo = (version: number) => (version * (version + 1)) / 2

    it('refuses an identity that no command can have', async () => {
      const app = await start()
      for (const identity of ['', undefined as never]) {
        const refused = { code: 'invalid-option', option: 'identity' }
        await expect(app.stateOf(Savings, identity)).rejects.toMatchObject(refused)
        expect(() => app.historyOf(Savings, identity)).toThrow(expect.objectContaining(refused))
      }
    })

    it('refuses what is no moment', async () => {
      const app = await start()
      await app.dispatch(new Deposit({ account, amount: 1 }))
      const numbers = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1']
      const moments = [
        ...numbers.flatMap((number) => [{ version: number }, { position: number }]),
        { date: new Date(Number.NaN) },
        { date: 0 },
        { date: '2026-01-01' },
        { version: 1, position: 1 },
        { versoin: 1 },
        { version: null },
        {},
        null,
        1,
      ]
      for (const at of moments as Moment[])
        await expect(app.stateOf(Savings, account, { at })).rejects.toMatchObject({ code: 'invalid-option' })
      const future = new Date(Date.now() + 1_000_000_000)
      expect(await app.stateOf(Savings, account, { at: { date: future } })).toMatchObject({ version: 1 })
      expect(await app.stateOf(Savings, `nobody ${account}`, { at: { date: future } })).toMatchObject({ version: 0 })
    })

    it('shows a state at each version, position and date', async () => {
      const app = await start()
      const stored = await deposits(app, 5)
      for (const { version, position, createdAt } of stored) {
        for (const at of [{ version }, { position }, { position: position + 1 }, { date: createdAt }] as Moment[]) {
          expect(await app.stateOf(Savings, account, { at })).toMatchObject({
            version,
            position,
            state: { balance: sumTo(version) },
          })
        }
      }
      expect(await app.stateOf(Savings, account, { at: { version: 0 } })).toMatchObject({ version: 0, state: { balance: 0 } })
      expect(await app.stateOf(Savings, account, { at: { date: new Date(0) } })).toMatchObject({ version: 0 })
      expect(await app.stateOf(Savings, account, { at: { version: 99 } })).toMatchObject({ version: 5, state: { balance: 15 } })
    })

    it('begins with a snapshot that is older than the moment, and with none that is younger', async () => {
      const first = await start(snapshots(4))
      const stored = await deposits(first, 6)
      await first.stop()
      const app = await start(snapshots(4))
      const { store } = app
      expect(await store.snapshots.load(`savings-${account}`, 1)).toMatchObject({ version: 4 })
      const reads: number[] = []
      const read = store.readStream.bind(store)
      store.readStream = (stream, options) => {
        if (options?.limit !== 1) reads.push(options?.fromVersion ?? 1)
        return read(stream, options)
      }
      const states = async (version: number) => {
        const { position, createdAt: date } = stored[version - 1]!
        for (const at of [{ version }, { position }, { date }] as Moment[])
          expect(await app.stateOf(Savings, account, { at })).toMatchObject({ version, state: { balance: sumTo(version) } })
        return [...new Set(reads.splice(0))]
      }
      expect([await states(3), await states(4), await states(5)]).toEqual([[1], [4], [4]])
    })

    it('tells the history of one aggregate: each event, the state before, the state after, and the fields that changed', async () => {
      const app = await start(snapshots(2))
      await deposits(app, 3)
      await app.dispatch(new Withdraw({ account, amount: 2 }))
      const told = []
      for await (const { event, before, after, changes } of app.historyOf(Savings, account, { fromVersion: 3 })) {
        expect(before).toBeInstanceOf(Savings)
        told.push([event.version, event.type, before.balance, after.balance, changes])
      }
      const change = (before: number, after: number) => [{ path: ['balance'], kind: 'changed', before, after }]
      expect(told).toEqual([
        [3, 'savings-deposited', 3, 6, change(3, 6)],
        [4, 'savings-withdrawn', 6, 4, change(6, 4)],
        [5, 'savings-fee-charged', 4, 3, change(4, 3)],
      ])
    })
  })

  describe(`a what-if branch, on ${name},`, () => {
    it('takes commands, runs projections and process managers, is compared, and is thrown away; the store has not changed by a byte', async () => {
      // A lease that is not renewed meanwhile: that is the application's own doing, and would be seen.
      const app = await start({ modules: [smallBank()], subscriptions: { leaseMilliseconds: 600_000 } })
      const [ann, bob] = [`ann ${account}`, `bob ${account}`]
      for (const one of [ann, bob]) await app.dispatch(new DepositMoney({ account: one, amount: 100 }))
      const { position } = await app.dispatch(new SendMoney({ account: ann, amount: 10, transfer: account, to: bob }), {
        commandId: `sent ${account}`,
      })
      await app.settled()
      const head = (await app.store.head()).position
      await until('its handlers have noted how far they are', async () => {
        const rows = await app.store.checkpoints.list()
        return rows.every(({ checkpoint }) => checkpoint >= head)
      })
      const before = await everything()
      for (const at of [undefined, { position }, { position: position - 1 }]) {
        const what = await app.branch({ run: [BalancesProjection], ...(at && { at }) })
        const transfer = `what if ${account}`
        const commandId = `what if ${account}`
        await what.app.dispatch(new SendMoney({ account: bob, amount: 50, transfer, to: ann }), { commandId })
        await what.app.settled()
        const wasSent = at?.position !== position - 1
        const arrived = at === undefined ? 10 : 0
        expect((await what.app.stateOf(Account, ann)).state.balance).toBe(wasSent ? 140 : 150)
        expect(what.app.get(Balances).byAccount.get(ann)).toBe(wasSent ? 140 : 150)
        // In one that parted between the two halves of a transfer, the other half happens as well.
        expect((await what.app.stateOf(Account, bob)).state.balance).toBe(wasSent ? 60 : 50)
        expect(await what.changesOf(Account, ann)).toEqual([
          { path: ['balance'], kind: 'changed', before: wasSent ? 90 : 100, after: wasSent ? 140 : 150 },
        ])
        expect(await what.changesOf(Account, bob)).toMatchObject([{ before: 100 + arrived }])
        const happened = []
        for await (const { type } of what.events()) happened.push(type)
        const missing = at === undefined || !wasSent ? [] : ['money-deposited']
        expect(happened.sort()).toEqual([...missing, 'money-deposited', 'money-withdrawn'])
        await what.discard()
      }
      expect((await app.stateOf(Account, ann)).state.balance).toBe(90)
      expect(await everything()).toBe(before)
    })

    it('may be asked whatever an application can be, and be branched, and thrown away amid commands; the store has not changed by a byte', async () => {
      const app = await start({
        modules: [smallBank(), savings],
        subscriptions: { leaseMilliseconds: 600_000 },
        aggregates: { byCategory: { savings: { snapshotEvery: 2 }, account: { snapshotEvery: 2 } } },
      })
      const commandId = `refused ${account}`
      const tooMuch = () => new Withdraw({ account, amount: 1_000 })
      for (let n = 0; n < 3; n++) await app.dispatch(new Deposit({ account, amount: 5 }))
      await expect(app.dispatch(tooMuch(), { commandId })).rejects.toMatchObject({ code: 'too-much' })
      await app.dispatch(new DepositMoney({ account, amount: 100 }))
      const { position } = await app.dispatch(new SendMoney({ account, amount: 10, transfer: account, to: `to ${account}` }))
      await app.settled()
      const head = (await app.store.head()).position
      await until('its handlers have noted how far they are', async () => {
        const rows = await app.store.checkpoints.list()
        return rows.every(({ checkpoint }) => checkpoint >= head)
      })
      await until('its snapshots are there', async () => {
        const versions = await Promise.all(
          [`savings-${account}`, `account-${account}`].map((stream) => app.store.snapshots.load(stream, 1)),
        )
        return versions.every((snapshot) => snapshot?.version === 2)
      })
      const before = await everything()
      const what = await app.branch({ run: [BalancesProjection] })
      const further = await what.app.branch({ at: { position: position - 1 }, run: [BalancesProjection] })
      // The further one first: it would see that the other one's books are closed.
      for (const { app: there } of [further, what]) {
        await expect(there.dispatch(tooMuch(), { commandId })).rejects.toMatchObject({ code: 'too-much' })
        await expect(there.dispatch(tooMuch(), { commandId: 'another' })).rejects.toMatchObject({ code: 'too-much' })
        for (let n = 0; n < 5; n++) await there.dispatch(new Deposit({ account, amount: 5 }), { commandId: `there ${n}` })
        const both = there.transaction(async ({ dispatch }) => {
          await dispatch(new Deposit({ account, amount: 1 }))
          await dispatch(new SendMoney({ account, amount: 20, transfer: `there ${account}`, to: `to ${account}` }))
        })
        await both
        await there.settled()
        expect((await there.stateOf(Savings, account)).state.balance).toBe(41)
        expect((await there.stateOf(Account, `to ${account}`)).state.balance).toBe(there === what.app ? 30 : 20)
        await there.subscriptions.pause('balances@1')
        await there.store.streams.truncate(`savings-${account}`, { before: 3 })
        await there.store.streams.delete(`account-${account}`)
        await there.store.receipts.deleteOlderThan(0)
        await there.store.snapshots.delete(`savings-${account}`)
      }
      const underWay = Array.from({ length: 30 }, () => what.app.dispatch(new Deposit({ account, amount: 1 })))
      const outcomes = Promise.allSettled(underWay)
      await what.discard()
      for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'fulfilled' })
      await expect(further.app.dispatch(tooMuch())).rejects.toMatchObject({ code: 'application-not-running' })
      expect(await everything()).toBe(before)
      expect((await app.stateOf(Savings, account)).state.balance).toBe(15)
    })

    it('answers a repeated command by the receipts of the store, and keeps its own to itself', async () => {
      const app = await start()
      const commandId = `once ${account}`
      const first = await app.dispatch(new Deposit({ account, amount: 1 }), { commandId })
      const what = await app.branch()
      expect(await what.app.dispatch(new Deposit({ account, amount: 1 }), { commandId })).toEqual(first)
      const there = `there ${account}`
      await what.app.dispatch(new Deposit({ account, amount: 1 }), { commandId: there })
      await what.discard()
      expect(await app.store.receipts.find(there)).toBeUndefined()
      expect(await app.dispatch(new Deposit({ account, amount: 1 }), { commandId: there })).toMatchObject({ version: 2 })
    })
  })
}
