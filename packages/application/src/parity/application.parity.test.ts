// What an application is to be able to do, point by point.
import { until } from '@writ/build-tools'
import 'reflect-metadata'
import { Aggregate, aggregate, aggregateOf, boundary, changesBetween } from '@writ/aggregate'
import { CommandHandler, commandHandlerOf, route } from '@writ/command-router'
import { EventHandler, eventHandler, On, on, projection, retryLaterThenPark, retryThenPark } from '@writ/event-handler'
import { Command, Event, eventsOf } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { postgresEventStore } from '@writ/event-store-postgres'
import { processManager } from '@writ/process-manager'
import { z } from 'zod'
import { processes } from '../../test/parity/processes.js'
import { Deposit, Deposited, Look, Savings, savings, Withdraw } from '../../test/savings.js'
import { Application, type ApplicationOptions } from '../index.js'

const account = 'ann'
const deposit = (amount = 1) => new Deposit({ account, amount })

// What a compiler has not seen.
const MisspeltOptions = Aggregate({ category: 'x', identity: 'x', snapshotEvry: 5 } as never) as unknown as ClassDecorator
@MisspeltOptions
class Misspelt {}
const MisspeltRoute = CommandHandler(Deposit, { aggregate: Savings, identitty: 'x' } as never) as unknown as ClassDecorator
@MisspeltRoute
class MisspeltHandler {
  handle() {}
}
const purse = { category: 'purse', identity: 'x', commands: [], events: [], initialState: 0, decide: {}, evolve: {} }

describe('an application', () => {
  const { start } = processes('memory', () => inMemoryEventStore(), [savings])

  describe('is one of several in a process:', () => {
    it('each over its own store', async () => {
      const [one, other] = [await start(), await start()]
      await one.dispatch(deposit())
      expect([(await one.stateOf(Savings, account)).version, (await other.stateOf(Savings, account)).version]).toEqual([1, 0])
    })

    it('of the same modules under different names, over one store: each event is handled once, by the one or the other', async () => {
      const log = new InMemoryLog()
      const seen: string[] = []
      const of = (name: string) =>
        start({
          name,
          store: inMemoryEventStore({ log }),
          modules: [
            savings,
            { name: 'seers', eventHandlers: [eventHandler({ name: 'seer', on: [on(Deposited, () => void seen.push(name))] })] },
          ],
        })
      const [one, other] = [await of('one'), await of('other')]
      expect([one.name, other.name]).toEqual(['one', 'other'])
      await Promise.all([one.dispatch(deposit()), other.dispatch(deposit())])
      await one.settled()
      expect(seen.length).toBe(2)
      const [seer] = await one.store.checkpoints.list()
      expect(seer?.owner).toMatch(new RegExp(`^${seen[0]}/`))
      expect((await other.stateOf(Savings, account)).version).toBe(2)
    })

    it('and refuses the store object of another one, which that one would stop under it; when it has stopped, it may have it', async () => {
      const store = inMemoryEventStore()
      const one = await start({ store, name: 'one' })
      const other = await Application.create({ store, name: 'other', modules: [savings] })
      await expect(other.start()).rejects.toMatchObject({ code: 'store-in-use', application: 'other', owner: 'one' })
      await other.stop()
      expect(await one.dispatch(deposit())).toMatchObject({ version: 1 })
      await one.stop()
      const next = await start({ store, name: 'next' })
      expect((await next.stateOf(Savings, account)).version).toBe(1)
    })

    it('and says which one it is, where something goes wrong', async () => {
      const app = await Application.create({ name: 'the-second', store: inMemoryEventStore(), modules: [savings] })
      await expect(app.dispatch(deposit())).rejects.toMatchObject({
        code: 'application-not-running',
        application: 'the-second',
      })
    })
  })

  describe('has a configuration that is merged:', () => {
    it('the defaults, the application’s own, and what is said at its start, each over the one before', async () => {
      const production = { dispatch: { actor: 'all', timeout: 5_000, metadata: { region: 'eu', tier: 1 } } }
      const app = await start(production, { dispatch: { actor: 'test', metadata: { tier: 2 } } })
      const { events } = await app.dispatch(deposit(), { returning: 'events', metadata: { call: 1 } })
      // Groups are merged key by key; of metadata the dispatch's own and the default's.
      expect(events[0]!.metadata).toMatchObject({ actor: 'test', user: { tier: 2, call: 1 } })
    })

    it('for each test its own: another store, another name, other modules', async () => {
      const production = { store: inMemoryEventStore(), modules: [savings], name: 'production' }
      const store = inMemoryEventStore()
      const app = await start(production, { store, name: 'tested', modules: [savings] })
      await app.dispatch(deposit())
      expect([app.name, app.store]).toEqual(['tested', store])
    })
  })

  describe('refuses what makes no sense before anything starts, by its path:', () => {
    const store = inMemoryEventStore()
    const modules = [savings]
    it.each<[string, object, string]>([
      ['stopTimout', { stopTimout: 5 }, "'stopTimeout'"],
      ['aggregates.cacheSise', { aggregates: { cacheSise: 5 } }, "'cacheSize'"],
      [
        'aggregates.byCategory.savings.snapshotevery',
        { aggregates: { byCategory: { savings: { snapshotevery: 5 } } } },
        "'snapshotEvery'",
      ],
      ['aggregates.byCategory.saving', { aggregates: { byCategory: { saving: { snapshotEvery: 5 } } } }, "'savings'"],
      ['subscriptions.leaseMiliseconds', { subscriptions: { leaseMiliseconds: 5 } }, "'leaseMilliseconds'"],
      ['dispatch.actors', { dispatch: { actors: 'x' } }, "'actor'"],
      ['dispatch.returning', { dispatch: { returning: 'events' } }, 'belongs to one dispatch'],
      ['dispatch.timeout', { dispatch: { timeout: 0 } }, 'milliseconds, from 1'],
      ['aggregates', { aggregates: 5 }, 'must be an object with options'],
      ['aggregates.cacheSize', { aggregates: { cacheSize: -1 } }, 'from 0'],
      ['aggregates.maxPending', { aggregates: { maxPending: 1.5 } }, 'from 1'],
      [
        'aggregates.byCategory.savings.snapshotEvery',
        { aggregates: { byCategory: { savings: { snapshotEvery: 0 } } } },
        "'never'",
      ],
      ['store', { store: {} }, 'inMemoryEventStore()'],
      ['modules', { modules: {} }, 'a list of modules'],
      ['name', { name: 'two words' }, 'letters'],
      ['middleware', { middleware: [5] }, 'a list of middleware'],
      ['runtime', { runtime: { now: () => 1 } }, 'monotonic'],
      ['logger', { logger: console.log }, 'warn'],
      ['stopTimeout', { stopTimeout: -1 }, 'above 0'],
      ['subscriptions.leaseMilliseconds', { subscriptions: { leaseMilliseconds: 5 } }, 'from 100'],
      ['unknownEvents', { unknownEvents: 'ignore' }, "'pass'"],
      ['causationLimit', { causationLimit: 0 }, 'from 1'],
      ['keepReceipts', { keepReceipts: 5 }, '60,000'],
    ])('%s', async (option, wrong, hint) => {
      await expect(Application.create({ store, modules, ...wrong } as ApplicationOptions)).rejects.toMatchObject({
        code: 'invalid-option',
        option,
        message: expect.stringContaining(hint),
      })
    })

    it('all of it at once', async () => {
      const wrong = { store, modules, name: '', aggregates: { cacheSise: 1, maxPending: 0 } } as ApplicationOptions
      const problems = [{ option: 'name' }, { option: 'aggregates.maxPending' }, { option: 'aggregates.cacheSise' }]
      await expect(Application.create(wrong)).rejects.toMatchObject({
        code: 'invalid-application',
        problems: expect.arrayContaining(problems.map((problem) => expect.objectContaining(problem))),
      })
    })
  })

  describe('refuses an unknown option with the nearest name, wherever one may be given:', () => {
    it.each<[string, (app: Application) => unknown, string]>([
      ['dispatch', (app) => app.dispatch(deposit(), { comandId: 'x' } as object), "'commandId'"],
      ['transaction', (app) => app.transaction(async () => {}, { actors: 'x' } as object), "'actor'"],
      ['waitFor', (app) => app.waitFor(0, { timout: 5 } as object), "'timeout'"],
      ['settled', (app) => app.settled({ timout: 5 } as object), "'timeout'"],
      ['stateOf', (app) => app.stateOf(Savings, account, { att: { version: 1 } } as object), "'at'"],
      ['the moment of stateOf', (app) => app.stateOf(Savings, account, { at: { versoin: 1 } as never }), "'version'"],
      ['historyOf', (app) => app.historyOf(Savings, account, { fromVersoin: 1 } as object), "'fromVersion'"],
      ['events', (app) => app.events({ type: [Deposited] } as object), "'types'"],
      ['branch', (app) => app.branch({ procesManagers: false } as object), "'processManagers'"],
      ['stopOnSignals', (app) => app.stopOnSignals({ signal: [] } as object), "'signals'"],
    ])('%s', async (_, use, nearest) => {
      const app = await start()
      await expect((async () => use(app))()).rejects.toMatchObject({
        code: 'invalid-option',
        message: expect.stringContaining(nearest),
      })
    })

    it.each<[string, () => unknown, string]>([
      ['@Aggregate', () => aggregateOf(Misspelt), "'snapshotEvery'"],
      ['aggregate', () => aggregate({ ...purse, snapshotsEvery: 5 } as never), "'snapshotEvery'"],
      [
        'the lifespan of an aggregate',
        () => aggregate({ ...purse, lifespan: { afterEvents: () => 1 } } as never),
        "'afterEvent'",
      ],
      ['@CommandHandler', () => commandHandlerOf(MisspeltHandler, () => new MisspeltHandler(), aggregateOf), "'identity'"],
      ['route', () => route(Deposit, { aggregate: aggregateOf(Savings), middlewares: [] } as never), "'middleware'"],
      ['boundary', () => boundary({ events: [], matching: () => [], initialState: 0, evolves: {} } as never), "'evolve'"],
      ['eventHandler', () => eventHandler({ name: 'x', onErrors: 1, on: [] } as never), "'onError'"],
      ['retryThenPark', () => retryThenPark({ attemps: 1 } as object), "'attempts'"],
      ['retryLaterThenPark', () => retryLaterThenPark({ delay: [1] } as never), "'delays'"],
      ['projection', () => projection({ name: 'x', versions: 1, on: [] } as never), "'version'"],
      ['processManager', () => processManager({ name: 'x', corelate: 'x', reactions: [] } as never), "'correlate'"],
      ['Event', () => Event('x', z.object({}), { tag: () => [] } as object), "'tags'"],
      ['Command', () => Command('x', z.object({}), { results: z.int() } as never), "'result'"],
      ['inMemoryEventStore', () => inMemoryEventStore({ logg: 1 } as object), "'log'"],
      ['postgresEventStore', () => postgresEventStore({ connectionStrings: 'x' } as object), "'connectionString'"],
    ])('%s', (_, write, nearest) => {
      expect(write).toThrow(expect.objectContaining({ message: expect.stringContaining(nearest) }))
      expect(write).toThrow(expect.objectContaining({ code: expect.stringMatching(/^invalid-/) }))
    })

    it('a module', async () => {
      const misspelt = { name: 'boxes', agregates: [Savings] } as object as typeof savings
      await expect(start({ modules: [misspelt] })).rejects.toMatchObject({
        code: 'invalid-option',
        message: expect.stringContaining("'aggregates'"),
      })
    })
  })

  describe('says of its aggregates what is otherwise than they say themselves:', () => {
    it('after how many events a snapshot is taken, and of which version', async () => {
      const log = new InMemoryLog()
      const app = await start({
        store: inMemoryEventStore({ log }),
        aggregates: { byCategory: { savings: { snapshotEvery: 3, snapshotVersion: 7 } } },
      })
      for (let n = 0; n < 4; n++) await app.dispatch(deposit())
      await app.stop()
      const later = inMemoryEventStore({ log })
      await later.start()
      expect(await later.snapshots.load('savings-ann', 7)).toMatchObject({ version: 3, state: '{"balance":3}' })
      const never = await start({ store: later, aggregates: { byCategory: { savings: { snapshotEvery: 'never' } } } })
      for (let n = 0; n < 4; n++) await never.dispatch(deposit())
      expect((await never.stateOf(Savings, account)).state.balance).toBe(8)
    })

    it('how long they stay in memory', async () => {
      const app = await start({ aggregates: { byCategory: { savings: { lifespan: 'stop' } } } })
      await app.dispatch(deposit())
      let reads = 0
      const read = app.store.readStream.bind(app.store)
      app.store.readStream = (...input) => {
        reads++
        return read(...input)
      }
      await app.dispatch(deposit())
      expect(reads).toBe(1)
    })

    it('how many commands may wait for one of them, and for all', async () => {
      const app = await start({ aggregates: { maxPending: 2, maxPendingTotal: 3 } })
      const settled = await Promise.allSettled([
        ...Array.from({ length: 3 }, () => app.dispatch(deposit())),
        ...['bob', 'cem'].map((account) => app.dispatch(new Deposit({ account, amount: 1 }))),
      ])
      expect(settled.map((one) => (one.status === 'rejected' ? one.reason : undefined))).toMatchObject([
        undefined,
        undefined,
        { code: 'overloaded', stream: 'savings-ann' },
        undefined,
        { code: 'overloaded', stream: undefined },
      ])
    })
  })

  describe('says what follows when a handler fails', () => {
    @EventHandler({ name: 'clumsy' })
    class Clumsy {
      tries = 0
      @On(Deposited)
      deposited(_event: Deposited) {
        this.tries++
        throw new Error('no hands')
      }
    }
    const clumsy = { name: 'clumsy', eventHandlers: [Clumsy] }

    it('to all that do not say so themselves; else they stop', async () => {
      const app = await start({ modules: [savings, clumsy], subscriptions: { onError: retryThenPark({ attempts: 1 }) } })
      await app.dispatch(deposit())
      await until('it was parked', async () => (await app.parked(Clumsy).list()).length === 1)
      expect((await app.health()).subscriptions).toMatchObject([{ name: 'clumsy', state: 'running' }])
    })

    it('and no policy retries a negative number of times, or with a negative wait', () => {
      const wrong = [{ attempts: -1 }, { firstDelay: -1 }, { longestDelay: Number.NaN }]
      for (const options of wrong)
        expect(() => retryThenPark(options)).toThrow(
          expect.objectContaining({ code: 'invalid-option', option: Object.keys(options)[0] }),
        )
      expect(() => retryLaterThenPark({ delays: [-1] })).toThrow(expect.objectContaining({ code: 'invalid-option' }))
    })

    it('and that is a function', async () => {
      const onError = 'park' as never
      await expect(start({ modules: [savings, clumsy], subscriptions: { onError } })).rejects.toMatchObject({
        code: 'invalid-option',
        option: 'subscriptions.onError',
      })
    })
  })

  it('has a store, default dispatch options, a name, and says what it is made of', async () => {
    const store = inMemoryEventStore()
    const app = await start({ store, name: 'mine', dispatch: { actor: 'robot' } })
    await app.dispatch(deposit(5))
    await app.dispatch(new Withdraw({ account, amount: 1 }))
    await app.dispatch(new Look({ account }))
    for await (const { metadata } of eventsOf(store.readAll())) expect(JSON.parse(metadata)).toMatchObject({ actor: 'robot' })
    expect(changesBetween({ balance: 0 }, (await app.stateOf(Savings, account)).state)).toMatchObject([{ after: 3 }])
  })
})
