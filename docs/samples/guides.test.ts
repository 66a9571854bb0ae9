import { closingAfterEach } from '@writ/build-tools'
import 'reflect-metadata'
import { Aggregates } from '@writ/aggregate'
import type { Application } from '@writ/application'
import { Application as App, module } from '@writ/application'
import { CommandRouter } from '@writ/command-router'
import { EventTypes, systemRuntime } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { DepositMoney, MoneyDeposited, MoneyWithdrawn, OpenAccount, WithdrawMoney } from './guides/bank.js'
import {
  bank,
  bonus,
  branchOffice,
  dispatches,
  doors,
  inATest,
  open,
  preview,
  shortLived,
  tenantPurses,
} from './guides/commands.js'
import { otherData, refusedTwice, repeated } from './guides/idempotency.js'
import { look, tell, whatIf, whatIfThen } from './guides/time-travel.js'

describe('the samples of the guides', () => {
  const closeLater = closingAfterEach()
  const started = async (log?: string[], stored = new InMemoryLog()) => {
    const app = await open(inMemoryEventStore({ log: stored }), log)
    closeLater(() => app.stop())
    return app
  }

  it('dispatch commands through middleware, with options and their defaults', async () => {
    const log: string[] = []
    const app = await started(log)
    expect(await dispatches(app)).toEqual({ version: 1, position: 1, left: 399, types: ['money-deposited'], balance: 401 })
    await expect(app.dispatch(new DepositMoney({ account: '42', amount: 1 }))).rejects.toThrow('Nobody is signed in.')
    expect(log).toEqual(['ann account-42 1', 'ann account-42 3', 'ann account-42 4', 'ann account-42 5'])
    for await (const [event] of app.store.readAll())
      expect(JSON.parse(event!.metadata)).toMatchObject({ user: { region: 'eu', channel: 'teller' } })
  })

  it('decide in a handler that has something injected', async () => {
    const app = await started()
    await app.dispatch(new OpenAccount({ account: '42', owner: 'Ann', pin: '1234' }), { actor: 'ann' })
    for await (const [event] of app.store.readAll()) expect(JSON.parse(event!.data)).toMatchObject({ pin: '4321' })
    expect(await app.dispatch(new OpenAccount({ account: '42', owner: 'Ann', pin: '1' }), { actor: 'ann' })).toMatchObject({
      version: 1,
    })
  })

  it('find streams by prefixes and functions, and wrap groups of routes', async () => {
    const store = inMemoryEventStore()
    await store.start()
    const aggregates = new Aggregates({ store, events: new EventTypes([MoneyDeposited, MoneyWithdrawn]) })
    const router = new CommandRouter({ routes: tenantPurses, aggregates })
    expect(await router.dispatch(new DepositMoney({ account: 'a', amount: 5 }))).toMatchObject({ stream: 'purse-branch-7/a' })
    expect(await router.dispatch(new WithdrawMoney({ account: 'A', amount: 5 }))).toMatchObject({ result: { left: 0 } })
  })

  it('wrap the commands of a module and of those in it, and some of them alone', async () => {
    const app = await App.create({ store: inMemoryEventStore(), modules: [branchOffice] })
    closeLater(() => app.stop())
    await app.start()
    await app.dispatch(new DepositMoney({ account: '42', amount: 5 }))
    doors.areOpen = false
    await expect(app.dispatch(new WithdrawMoney({ account: '42', amount: 1 }))).rejects.toThrow('Come back by day.')
    doors.areOpen = true
    expect(await app.dispatch(new WithdrawMoney({ account: '42', amount: 1 }))).toMatchObject({ result: { left: 4 } })
  })

  it('try things on another store, and leave their own as it is', async () => {
    const app = await started()
    expect(await preview(app)).toBe(399)
    expect(await app.store.head()).toMatchObject({ position: 0 })
  })

  it('start the application of production as a test wants it', async () => {
    const production = { store: inMemoryEventStore(), modules: [bank], name: 'production' }
    const app = await inATest(production)
    closeLater(() => app.stop())
    await app.start()
    await app.dispatch(new DepositMoney({ account: '42', amount: 5 }))
    expect([app.name, app.store === production.store]).toEqual(['production', false])
  })

  it('say how long aggregates stay in memory', () => {
    expect(shortLived.afterEvent!(new MoneyDeposited({ account: 'a', amount: 5 }))).toBe(60_000)
    expect(shortLived.afterError!(new Error())).toBe('stop')
  })

  it('pay a bonus once, with the correlation of what earned it', async () => {
    let app: Application | undefined
    app = await App.create({
      store: inMemoryEventStore(),
      modules: [bank, module({ name: 'bonus', eventHandlers: [bonus(() => app!)] })],
    })
    closeLater(() => app.stop())
    await app.start()
    await app.dispatch(new DepositMoney({ account: '42', amount: 1_000 }), { actor: 'ann', correlationId: 'request-1' })
    await app.settled()
    const stored = []
    for await (const page of app.store.readStream('account-42')) stored.push(...page)
    expect(stored.map(({ metadata }) => JSON.parse(metadata))).toMatchObject([
      { correlationId: 'request-1', actor: 'ann' },
      { correlationId: 'request-1', actor: 'ann', commandCausationId: stored[0]!.id },
    ])
  })

  it('do nothing twice', async () => {
    const app = await started()
    const { first, again } = await repeated(app)
    expect(again).toEqual(first)
    expect(await refusedTwice(app)).toEqual(['balance-too-low', 'balance-too-low'])
    expect(await otherData(app)).toBe('command-id-reused')
  })

  it('travel in time, and try what would be', async () => {
    let now = Date.UTC(2026, 0, 1)
    const app = await started([], new InMemoryLog({ runtime: { ...systemRuntime, now: () => now } }))
    await app.dispatch(new DepositMoney({ account: '42', amount: 500 }), { actor: 'ann' })
    const before = new Date(now)
    now += 60_000
    await app.dispatch(new DepositMoney({ account: '42', amount: 100 }), { actor: 'ann' })
    expect(await look(app, before)).toEqual([
      [2, 600],
      [1, 500],
      [2, 600],
      [1, 500],
    ])
    expect(await tell(app)).toEqual(['money-deposited: balance 0 → 500', 'money-deposited: balance 500 → 600'])
    expect(await whatIf(app)).toEqual({
      changes: [{ path: ['balance'], kind: 'changed', before: 600, after: 499 }],
      happened: ['money-withdrawn', 'fee-charged'],
    })
    expect(await whatIfThen(app)).toBe(2)
    expect((await app.stateOf((await import('./guides/bank.js')).Account, '42')).state.balance).toBe(600)
  })
})
