import { aggregate, decided, inSteps, type Lifespans } from '@writ/aggregate'
import { until } from '@writ/build-tools'
import { Command, DomainError, Event, type EventStore, eventsOf, type Logger, systemRuntime, upcaster } from '@writ/event-store'
import { z } from 'zod'
import { Application, module } from '../../src/index.js'
import { Break, Deposit, DepositTwice, Look, Savings, savings, Withdraw } from '../savings.js'
import { processes } from './processes.js'

/** An account as it was written years ago, and as it is today: in cents. */
class Paid extends Event('purse-paid', z.object({ account: z.string(), cents: z.int() }), { schemaVersion: 2 }) {}
class Pay extends Command('purse-pay', z.object({ account: z.string(), cents: z.int() })) {}
const inCents = upcaster({
  from: { type: 'purse-paid', schemaVersion: 1 },
  to: Paid,
  upcast: ({ account, euros }: { account: string; euros: number }) => ({ account, cents: euros * 100 }),
})
const purse = aggregate({
  category: 'purse',
  identity: 'account',
  commands: [Pay],
  events: [Paid],
  initialState: 0,
  decide: { 'purse-pay': (_state, { account, cents }) => new Paid({ account, cents }) },
  evolve: { 'purse-paid': (state, { cents }) => state + cents },
  snapshotEvery: 1_000,
})
const purses = module({ name: 'purses', aggregates: [purse], upcasters: [inCents] })

/** A journey whose legs are booked one after the other. */
class Booked extends Event('trip-booked', z.object({ trip: z.string(), leg: z.string(), seat: z.int() })) {}
class Book extends Command('trip-book', z.object({ trip: z.string(), legs: z.array(z.string()), seats: z.int() }), {
  result: z.object({ seats: z.array(z.int()), first: z.string() }),
}) {}
const trip = aggregate({
  category: 'trip',
  identity: 'trip',
  commands: [Book],
  events: [Booked],
  initialState: { taken: 0 },
  decide: {
    'trip-book': (state, { trip, legs: [first = '', ...others], seats }) => {
      const book = ({ taken }: { readonly taken: number }, leg: string) => {
        if (taken >= seats) throw new DomainError('full', `There are ${seats} seats.`, { leg })
        return new Booked({ trip, leg, seat: taken + 1 })
      }
      return inSteps(state)
        .step('first', (state) => book(state, first))
        .each('others', others, book)
        .result(({ taken }, { first, others }) => ({
          seats: Array.from({ length: taken }, (_, n) => n + 1),
          first: `${(first[0] as Booked).leg} and ${others.length} more`,
        }))
    },
  },
  evolve: { 'trip-booked': ({ taken }) => ({ taken: taken + 1 }) },
})
const trips = module({ name: 'trips', aggregates: [trip] })

/** What aggregates are to be able to do, point by point; `open` gives another process on the same data each time. */
export function describeAggregates(name: string, open: () => EventStore): void {
  describe(`an aggregate, on ${name},`, () => {
    const { start, newName } = processes(name, open, [savings, purses, trips])
    let account = ''
    beforeEach(() => {
      account = newName()
    })
    const deposit = (amount = 1) => new Deposit({ account, amount })
    const typesIn = async ({ store }: Application, stream = `savings-${account}`) => {
      const types = []
      for await (const { type } of eventsOf(store.readStream(stream))) types.push(type.replace('savings-', ''))
      return types
    }
    /** How often the streams of an application are read, and from which versions on. */
    const readsOf = ({ store }: Application) => {
      const reads: number[] = []
      const read = store.readStream.bind(store)
      store.readStream = (stream, options) => {
        reads.push(options?.fromVersion ?? 1)
        return read(stream, options)
      }
      return reads
    }

    describe('decides', () => {
      it('one event, several, or none; at once or later', async () => {
        const app = await start()
        expect(await app.dispatch(deposit(5))).toMatchObject({ version: 1 })
        expect(await app.dispatch(new DepositTwice({ account, amount: 5 }))).toMatchObject({ version: 3 })
        const { position } = await app.dispatch(deposit(1))
        expect(await app.dispatch(new Look({ account }))).toMatchObject({ version: 4, position })
        expect(await typesIn(app)).toEqual(Array(4).fill('deposited'))
      })

      it('to refuse, with a domain error, and nothing is stored', async () => {
        const app = await start()
        await app.dispatch(deposit(5))
        const refusal = { name: 'DomainError', code: 'too-much', facts: { balance: 5, amount: 6 } }
        const { name: _, ...told } = refusal
        await expect(app.dispatch(new Withdraw({ account, amount: 6 }))).rejects.toMatchObject(told)
        expect(await typesIn(app)).toEqual(['deposited'])
      })

      it('nothing where it throws, and nothing is stored', async () => {
        const app = await start()
        await app.dispatch(deposit(5))
        await expect(app.dispatch(new Break({ account }))).rejects.toThrow(TypeError)
        expect(await app.dispatch(new Look({ account }))).toMatchObject({ version: 1 })
      })

      it('in steps, each of which sees what the ones before have decided: the state, and their events by name', async () => {
        const app = await start()
        const reply = await app.dispatch(new Book({ trip: account, legs: ['a', 'b', 'c'], seats: 3 }))
        expect(reply).toMatchObject({ version: 3, result: { seats: [1, 2, 3], first: 'a and 2 more' } })
        // The fee of a withdrawal is decided on the withdrawal.
        await app.dispatch(deposit(5))
        await app.dispatch(new Withdraw({ account, amount: 3 }))
        await app.dispatch(new Withdraw({ account, amount: 1 }))
        expect(await typesIn(app)).toEqual(['deposited', 'withdrawn', 'fee-charged', 'withdrawn'])
      })

      it('in steps, all of which are stored or none', async () => {
        const app = await start()
        const refused = app.dispatch(new Book({ trip: account, legs: ['a', 'b', 'c'], seats: 2 }))
        await expect(refused).rejects.toMatchObject({ code: 'full', facts: { leg: 'c' } })
        expect((await app.stateOf(trip, account)).version).toBe(0)
      })
    })

    describe('does', () => {
      it('one command at a time', async () => {
        let underWay = 0
        let most = 0
        const slow = aggregate({
          ...{ category: 'purse', identity: 'account', commands: [Pay], events: [Paid], initialState: 0 },
          decide: {
            'purse-pay': async (_state, { account, cents }) => {
              most = Math.max(most, ++underWay)
              await new Promise(setImmediate)
              underWay--
              return new Paid({ account, cents })
            },
          },
          evolve: { 'purse-paid': (state, { cents }) => state + cents },
        })
        const app = await start({ modules: [module({ name: 'slow', aggregates: [slow], upcasters: [inCents] })] })
        await Promise.all(Array.from({ length: 10 }, (_, n) => app.dispatch(new Pay({ account, cents: n }))))
        expect([most, (await app.stateOf(slow, account)).state]).toEqual([1, 45])
      })
    })

    describe('stays in memory', () => {
      it('and is not read again, until its lifespan is over', async () => {
        const app = await start()
        const reads = readsOf(app)
        for (let n = 0; n < 3; n++) await app.dispatch(deposit())
        expect(reads.length).toBe(1)
      })

      it.each<[string, Lifespans, () => Promise<unknown> | unknown]>([
        ['an event', { afterEvent: (event) => (event.constructor.name === 'Deposited' ? 'stop' : 'forever') }, () => {}],
        ['a command', { afterCommand: () => 'stop' }, () => new Look({ account })],
        ['an error', { afterError: () => 'stop' }, () => new Withdraw({ account, amount: 99 })],
      ])('as long as it says after %s', async (_, lifespan, last) => {
        const app = await start({ aggregates: { byCategory: { savings: { lifespan } } } })
        await app.dispatch(deposit())
        const command = (await last()) as Look | undefined
        if (command) await app.dispatch(command).catch(() => {})
        const reads = readsOf(app)
        await app.dispatch(new Look({ account }))
        expect(reads.length).toBe(1)
      })

      it('for so many milliseconds', async () => {
        let ahead = 0
        const runtime = { ...systemRuntime, monotonic: () => systemRuntime.monotonic() + ahead }
        const app = await start({ runtime, aggregates: { byCategory: { savings: { lifespan: 60_000 } } } })
        await app.dispatch(deposit())
        const reads = readsOf(app)
        await app.dispatch(deposit())
        expect(reads.length).toBe(0)
        // Its time is looked at now and then; each command begins it anew.
        await until('it was read again', async () => {
          ahead += 61_000
          await systemRuntime.sleep(300)
          await app.dispatch(new Look({ account }))
          return reads.length > 0
        })
      })

      it('with others only as far as there is room', async () => {
        const app = await start({ aggregates: { cacheSize: 1 } })
        await app.dispatch(deposit())
        await app.dispatch(new Pay({ account, cents: 1 }))
        const reads = readsOf(app)
        await app.dispatch(new Pay({ account, cents: 1 }))
        expect(reads.length).toBe(0)
        await app.dispatch(deposit())
        expect(reads.length).toBe(1)
      })
    })

    describe('is loaded', () => {
      it('from its events, page by page, whatever shape they had when they were stored', async () => {
        const app = await start()
        const old = (n: number) => ({
          id: systemRuntime.uuid(),
          type: 'purse-paid',
          schemaVersion: 1,
          data: JSON.stringify({ account, euros: n }),
          metadata: '{}',
          tags: [],
        })
        await app.store.append({ stream: `purse-${account}`, events: Array.from({ length: 2_500 }, () => old(1)) })
        await app.dispatch(new Pay({ account, cents: 7 }))
        expect(await app.stateOf(purse, account)).toMatchObject({ state: 250_007, version: 2_501 })
      })

      it('from its newest snapshot and the events after it', async () => {
        const first = await start({ aggregates: { byCategory: { savings: { snapshotEvery: 3 } } } })
        for (let n = 0; n < 5; n++) await first.dispatch(deposit())
        await first.stop()
        const later = await start({ aggregates: { byCategory: { savings: { snapshotEvery: 3 } } } })
        const reads = readsOf(later)
        expect(await later.dispatch(deposit())).toMatchObject({ version: 6, result: { balance: 6 } })
        // The event at which the snapshot stands is looked at as well: it tells that both are of one log.
        expect(reads).toEqual([3])
      })

      it('without a snapshot of another version', async () => {
        const first = await start({ aggregates: { byCategory: { savings: { snapshotEvery: 3 } } } })
        for (let n = 0; n < 5; n++) await first.dispatch(deposit())
        await first.stop()
        const later = await start({ aggregates: { byCategory: { savings: { snapshotEvery: 3, snapshotVersion: 2 } } } })
        const reads = readsOf(later)
        expect(await later.dispatch(deposit())).toMatchObject({ result: { balance: 6 } })
        expect(reads).toEqual([1])
      })
    })

    describe('has snapshots', () => {
      it('that keep no reply waiting, and whose failure is only a warning', async () => {
        const warnings: string[] = []
        const note = (_facts: object, message: string) => void warnings.push(message)
        const logger: Logger = { debug: () => {}, info: () => {}, warn: note, error: note }
        const app = await start({ logger, aggregates: { byCategory: { savings: { snapshotEvery: 2 } } } })
        let fail = () => {}
        const failing = new Promise<never>((_, reject) => {
          fail = () => reject(new Error('disk full'))
        })
        app.store.snapshots.save = () => failing
        for (let n = 0; n < 4; n++) await app.dispatch(deposit())
        fail()
        await app.stop()
        expect(warnings).toEqual(['A snapshot could not be saved; commands go on without it'])
        expect(await (await start()).dispatch(deposit())).toMatchObject({ version: 5 })
      })
    })

    describe('is decided on by others as well:', () => {
      it('their events are taken over, and it decides again on them', async () => {
        const [here, there] = [await start(), await start()]
        await here.dispatch(deposit(5))
        await there.dispatch(new Withdraw({ account, amount: 2 }))
        // Here nothing is known of the withdrawal yet.
        await expect(here.dispatch(new Withdraw({ account, amount: 4 }))).rejects.toMatchObject({
          code: 'too-much',
          facts: { balance: 2, amount: 4 },
        })
        expect(await here.dispatch(deposit(1))).toMatchObject({ version: 4, result: { balance: 3 } })
      })

      it('of two processes each command is decided once, however they race', async () => {
        const apps = [await start(), await start()]
        const replies = await Promise.all(
          Array.from({ length: 40 }, (_, n) => apps[n % 2]!.dispatch(deposit(1), { retries: 1_000 })),
        )
        const sorted = (values: number[]) => values.sort((a, b) => a - b)
        const upTo40 = Array.from({ length: 40 }, (_, n) => n + 1)
        expect(sorted(replies.map(({ version }) => version))).toEqual(upTo40)
        expect(sorted(replies.map(({ result }) => result.balance))).toEqual(upTo40)
      })
    })

    it('is the same as a class and as a value', async () => {
      const app = await start()
      await app.dispatch(new Pay({ account, cents: 5 }))
      await app.dispatch(deposit(5))
      expect((await app.stateOf(purse, account)).state).toBe(5)
      expect((await app.stateOf(Savings, account)).state).toBeInstanceOf(Savings)
      expect(decided([], 1).result).toBe(1)
    })
  })
}
