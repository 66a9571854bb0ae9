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
