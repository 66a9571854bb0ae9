import { closingAfterEach } from '@writ/build-tools'
import 'reflect-metadata'
import { Aggregate, Apply, aggregate, aggregateOf, boundary, decided, Handle, model, rowsOf, updated } from '@writ/aggregate'
import { type Middleware, route } from '@writ/command-router'
import { EventHandler, On } from '@writ/event-handler'
import {
  type AppendsTogether,
  Command,
  DomainError,
  Event,
  type EventStore,
  eventsOf,
  type StoredEvent,
  StoreUnavailableError,
} from '@writ/event-store'
import { z } from 'zod'
import { Application, type EventsTogether, module } from '../src/index.js'

const Move = z.object({ account: z.string(), amount: z.int() })
class Deposited extends Event('deposited', Move, { tags: ({ account }) => [`account:${account}`] }) {}
class Withdrawn extends Event('withdrawn', Move, { tags: ({ account }) => [`account:${account}`] }) {}
class Noted extends Event('noted', z.object({ text: z.string() })) {}
class Deposit extends Command('deposit', Move) {}
class Withdraw extends Command('withdraw', Move, { result: z.object({ left: z.int() }) }) {}
class Pay extends Command('pay', Move) {}
class Count extends Command('count', z.object({ counter: z.string(), by: z.int() })) {}
class Limit extends Command('limit', z.object({ account: z.string() })) {}

class TooMuch extends DomainError<'too-much'> {
  constructor(balance: number) {
    super('too-much', `The balance is ${balance}.`, { balance })
  }
}

@Aggregate({ category: 'account', identity: 'account' })
class Account {
  balance = 0

  @Handle(Deposit)
  deposit(command: Deposit) {
    return new Deposited(command)
  }

  @Handle(Withdraw)
  withdraw({ account, amount }: Withdraw) {
    if (this.balance < amount) throw new TooMuch(this.balance)
    return decided(new Withdrawn({ account, amount }), { left: this.balance - amount })
  }

  @Apply(Deposited)
  deposited({ amount }: Deposited) {
    this.balance += amount
  }

  @Apply(Withdrawn)
  withdrawn({ amount }: Withdrawn) {
    this.balance -= amount
  }
}

const deposits = boundary({
  events: [Deposited],
  matching: ({ account }: Limit) => ({ tags: [`account:${account}`] }),
  initialState: 0,
  evolve: { deposited: (count) => count + 1 },
})

const seen: number[] = []

@EventHandler({ name: 'seer', consistency: 'strong' })
class Seer {
  @On(Deposited)
  deposited({ amount }: Deposited) {
    seen.push(amount)
  }
}

/** The store with some of its operations replaced. */
function altered(store: EventStore, operations: Partial<EventStore>): EventStore {
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(operations, name)) return operations[name as keyof EventStore]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** A process on one database. */
export interface Processes {
  open(): Promise<EventStore>
  /** Tables are there under these names: `purses` (account, balance) and `counters` (counter, total), with `version` each. */
  readonly schema: string
  row(table: string, key: string): Promise<Readonly<Record<string, unknown>> | undefined>
  close(): Promise<void>
}

/** What holds for commands within a transaction of an application, on every store. */
export function describeDispatchWithin(name: string, prepare: () => Promise<Processes>): void {
  describe(`commands within a transaction, on ${name}`, () => {
    let processes: Processes
    const closeLater = closingAfterEach()
    let last = 0
    beforeAll(async () => {
      processes = await prepare()
    })
    afterAll(() => processes.close())

    async function begin(around: (store: EventStore) => EventStore = (store) => store, middleware: Middleware[] = []) {
      const { schema } = processes
      const purse = aggregate({
        category: 'purse',
        identity: 'account',
        storedIn: rowsOf({ table: `${schema}.purses`, key: 'account' }),
        commands: [Pay],
        events: [Deposited],
        initialState: { balance: 0 },
        decide: { pay: (_state, command) => new Deposited(command) },
        evolve: { deposited: ({ balance }, { amount }) => ({ balance: balance + amount }) },
      })
      const counter = model({
        category: 'counter',
        identity: 'counter',
        storedIn: rowsOf({ table: `${schema}.counters`, key: 'counter' }),
        commands: [Count],
        initialState: { total: 0 },
        decide: { count: ({ total }, { by }) => updated({ total: total + by }) },
      })
      const limit = route(Limit, {
        aggregate: aggregateOf(Account),
        boundary: deposits,
        handle: (_state, { account }, { state }) => {
          if (state > 1) throw new TooMuch(state)
          return new Deposited({ account, amount: 0 })
        },
      })
      const bank = module({
        name: 'bank',
        aggregates: [Account, purse, counter],
        commandHandlers: [limit],
        eventHandlers: [Seer],
        events: [Noted],
      })
      const app = await Application.create({ store: around(await processes.open()), modules: [bank], middleware })
      closeLater(() => app.stop())
      await app.start()
      const account = `a${++last}`
      const move = (amount: number) => ({ account, amount })
      const stored = async (category = 'account') => {
        const events: StoredEvent[] = []
        for await (const event of eventsOf(app.store.readStream(`${category}-${account}`))) events.push(event)
        return events
      }
      return { app, account, move, stored, purse, counter }
    }

    it('each see what those before them have decided, and are stored together', async () => {
      const { app, account, move, stored } = await begin()
      await app.dispatch(new Deposit(move(10)))
      const { result, dispatched, appended, position } = await app.transaction(async ({ dispatch, append }) => {
        const first = await dispatch(new Withdraw(move(4)))
        append(`account-${account}`, new Deposited(move(1)))
        const second = await dispatch(new Withdraw(move(7)), { returning: { state: Account } })
        append(`note-${account}`, new Noted({ text: 'done' }))
        expect(await stored()).toHaveLength(1)
        return [first, second] as const
      })
      expect(result.map(({ version, result: { left } }) => [version, left])).toEqual([
        [2, 6],
        [4, 0],
      ])
      expect(result[0]).not.toHaveProperty('state')
      expect(result[1].state.balance).toBe(0)
      expect(result[1].events).toEqual([new Withdrawn(move(7))])
      const events = await stored()
      expect(events.map(({ type }) => type)).toEqual(['deposited', 'withdrawn', 'deposited', 'withdrawn'])
      expect(dispatched.map(({ version, position: at }) => [version, at])).toEqual([
        [2, events[1]!.position],
        [4, events[3]!.position],
      ])
      expect(appended.map(({ version }) => version)).toEqual([3, 1])
      expect(position).toBe(appended[1]!.position)
      expect(await app.stateOf(Account, account)).toMatchObject({ state: { balance: 0 }, version: 4 })
    })

    it('change rows of state-stored aggregates with the events of others, or none of them', async () => {
      const { app, account, move, stored } = await begin()
      await app.dispatch(new Deposit(move(10)))
      const pay = (amount: number) =>
        app.transaction(async ({ dispatch }) => {
          await dispatch(new Pay(move(amount)))
          await dispatch(new Pay(move(amount)))
          await dispatch(new Count({ counter: account, by: 1 }))
          await dispatch(new Withdraw(move(amount * 2)))
        })
      await pay(4)
      await expect(pay(2)).rejects.toMatchObject({ code: 'too-much', facts: { balance: 2 } })
      expect(await processes.row('purses', account)).toMatchObject({ balance: 8, version: 2 })
      expect(await processes.row('counters', account)).toMatchObject({ total: 1, version: 0 })
      expect(await stored('purse')).toHaveLength(2)
      expect(await stored()).toHaveLength(2)
    })

    it('and beside it: one that wants a row is refused at once, for it could wait for this very transaction', async () => {
      const { app, account, move, purse } = await begin()
      const told: unknown[] = []
      const beside = (command: Pay | Count) => app.dispatch(command).catch((error: unknown) => told.push(error))
      await app.transaction(async ({ dispatch }) => {
        await dispatch(new Pay(move(3)))
        await beside(new Pay(move(1)))
        await beside(new Count({ counter: account, by: 1 }))
        // One that is stored by an append alone is another matter: it is stored whatever becomes of the transaction.
        await app.dispatch(new Deposit(move(2)))
      })
      expect(told).toMatchObject([
        { code: 'nested-command', stream: `purse-${account}`, outer: undefined },
        { code: 'nested-command', stream: `counter-${account}`, outer: undefined },
      ])
      expect((await app.stateOf(purse, account)).state).toEqual({ balance: 3 })
      expect(await app.dispatch(new Pay(move(1)))).toMatchObject({ version: 2 })
    })

    it('and in one of its own: that is refused at once too, and nothing of it is done', async () => {
      const { app, account, move, purse } = await begin()
      const told: unknown[] = []
      await app.transaction(async ({ dispatch }) => {
        await dispatch(new Pay(move(3)))
        const nested = app.transaction((inner) => inner.dispatch(new Pay(move(1))))
        await nested.catch((error: unknown) => told.push(error))
      })
      expect(told).toMatchObject([{ code: 'nested-transaction', outer: undefined }])
      expect((await app.stateOf(purse, account)).state).toEqual({ balance: 3 })
      // One after the other is fine, and so is one at the same time.
      const after = () => app.transaction(({ dispatch }) => dispatch(new Pay(move(1))), { retries: 5 })
      await Promise.all([after(), after()])
      expect((await app.stateOf(purse, account)).state).toEqual({ balance: 5 })
    })

    it('may be refused, and the work goes on without them', async () => {
      const { app, account, move, stored } = await begin()
      const { result, dispatched } = await app.transaction(async ({ dispatch }) => {
        await dispatch(new Deposit(move(1)))
        const refused = await dispatch(new Withdraw(move(5))).catch((error: TooMuch) => error.facts)
        await dispatch(new Deposit(move(2)))
        return refused
      })
      expect(result).toEqual({ balance: 1 })
      expect(dispatched).toHaveLength(2)
      expect(await stored()).toHaveLength(2)
      expect(await app.stateOf(Account, account)).toMatchObject({ state: { balance: 3 } })
    })

    it('conflict as a whole where another writer was first, and say so', async () => {
      const { app, move, stored } = await begin()
      await app.dispatch(new Deposit(move(1)))
      const outcome = app.transaction(async ({ dispatch }) => {
        await dispatch(new Withdraw(move(1)))
        await app.dispatch(new Deposit(move(5)))
      })
      await expect(outcome).rejects.toMatchObject({
        code: 'transaction-conflict',
        attempts: 1,
        cause: { code: 'wrong-expected-version' },
      })
      expect(await stored()).toHaveLength(2)
    })

    it('are decided again with the whole work, as often as it may be repeated', async () => {
      const { app, account, move } = await begin()
      await app.dispatch(new Deposit(move(1)))
      let rounds = 0
      const { result } = await app.transaction(
        async ({ dispatch }) => {
          const { result } = await dispatch(new Withdraw(move(1)))
          if (++rounds < 3) await app.dispatch(new Deposit(move(5)))
          return result.left
        },
        { retries: 2 },
      )
      expect([rounds, result]).toEqual([3, 10])
      expect(await app.stateOf(Account, account)).toMatchObject({ state: { balance: 10 }, version: 4 })
    })

    it('lose nothing when two applications move money at once', async () => {
      const [here, there] = [await begin(), await begin()]
      const { account } = here
      const other = there.account
      await here.app.dispatch(new Deposit({ account, amount: 100 }))
      await here.app.dispatch(new Deposit({ account: other, amount: 100 }))
      const send = (app: Application, from: string, to: string) =>
        app.transaction(
          async ({ dispatch }) => {
            await dispatch(new Withdraw({ account: from, amount: 1 }))
            await dispatch(new Deposit({ account: to, amount: 1 }))
            await dispatch(new Pay({ account, amount: 1 }))
          },
          { retries: 1_000 },
        )
      await Promise.all(
        Array.from({ length: 10 }, () => [send(here.app, account, other), send(there.app, other, account)]).flat(),
      )
      for (const one of [account, other])
        expect(await here.app.stateOf(Account, one)).toMatchObject({ state: { balance: 100 }, version: 21 })
      expect(await processes.row('purses', account)).toMatchObject({ balance: 20, version: 20 })
    })

    it('are answered by their receipts when they are repeated: in the same transaction, in another one, by themselves', async () => {
      const { app, account, move, stored } = await begin()
      const commandId = `c ${account}`
      const { result } = await app.transaction(async ({ dispatch }) => {
        const first = await dispatch(new Deposit(move(5)), { commandId })
        return [first, await dispatch(new Deposit(move(5)), { commandId })]
      })
      expect(result[1]).toEqual(result[0])
      const { dispatched } = await app.transaction(({ dispatch }) => dispatch(new Deposit(move(5)), { commandId }))
      expect(dispatched).toMatchObject([{ commandId, version: 1 }])
      expect(await app.dispatch(new Deposit(move(5)), { commandId })).toMatchObject({
        version: 1,
        position: dispatched[0]!.position,
      })
      expect(await stored()).toHaveLength(1)
      const other = app.transaction(({ dispatch }) => dispatch(new Deposit(move(6)), { commandId }))
      await expect(other).rejects.toMatchObject({ code: 'command-id-reused' })
    })

    it('tell the state after them when it is asked for, also of the first time when they are repeated', async () => {
      const { app, account, move, purse, counter } = await begin()
      const once = { commandId: `s ${account}`, returning: { state: Account } }
      const paid = { commandId: `p ${account}`, returning: { state: purse } }
      const counted = { commandId: `t ${account}`, returning: { state: counter } }
      const count = new Count({ counter: account, by: 3 })
      const three = async (dispatch: EventsTogether['dispatch']) => [
        (await dispatch(new Deposit(move(5)), once)).state.balance,
        (await dispatch(new Pay(move(5)), paid)).state.balance,
        (await dispatch(count, counted)).state.total,
      ]
      const { result } = await app.transaction(async ({ dispatch }) => {
        await dispatch(new Deposit(move(5)), { commandId: once.commandId })
        await dispatch(new Deposit(move(5)))
        return [await three(dispatch), await three(dispatch)]
      })
      expect(result).toEqual([
        [5, 5, 3],
        [5, 5, 3],
      ])
      await app.dispatch(new Deposit(move(1)))
      await app.dispatch(new Pay(move(1)))
      await app.dispatch(new Count({ counter: account, by: 1 }))
      const later = await app.transaction(({ dispatch }) => three(dispatch))
      // What only a row tells is told as it is now.
      expect(later.result).toEqual([5, 5, 4])
      expect((await app.dispatch(count, counted)).state.total).toBe(4)
      const others = app.transaction(({ dispatch }) => dispatch(new Pay(move(1)), { returning: { state: Account } }))
      await expect(others).rejects.toMatchObject({ code: 'invalid-option', option: 'returning' })
    })

    it('leave a receipt when they are refused and the work goes on', async () => {
      const { app, account, move } = await begin()
      const commandId = `r ${account}`
      const withdraw = new Withdraw(move(5))
      await app.transaction(({ dispatch }) => dispatch(withdraw, { commandId }).catch(() => {}))
      await app.dispatch(new Deposit(move(50)))
      await expect(app.dispatch(withdraw, { commandId })).rejects.toMatchObject({ code: 'too-much', facts: { balance: 0 } })
      const again = app.transaction(({ dispatch }) => dispatch(withdraw, { commandId }))
      await expect(again).rejects.toMatchObject({ code: 'too-much', facts: { balance: 0 } })
    })

    it('decide on boundaries that hold what the transaction has decided', async () => {
      const { app, account, move } = await begin()
      const outcome = app.transaction(async ({ dispatch }) => {
        await dispatch(new Deposit(move(1)))
        await dispatch(new Limit({ account }))
        await dispatch(new Limit({ account }))
      })
      await expect(outcome).rejects.toMatchObject({ code: 'too-much', facts: { balance: 2 } })
      const rival = await begin()
      const raced = app.transaction(async ({ dispatch, append }) => {
        await dispatch(new Limit({ account }))
        append(`note-${account}`, new Noted({ text: 'x' }))
        await rival.app.transaction(async ({ append: elsewhere }) => elsewhere(`other-${account}`, new Deposited(move(1))))
      })
      await expect(raced).rejects.toMatchObject({ code: 'transaction-conflict', cause: { code: 'append-condition-failed' } })
    })

    it('have the metadata of the transaction, and go through middleware', async () => {
      const around: unknown[] = []
      const noting: Middleware = async (dispatch, next) => {
        const { version } = await next()
        around.push([dispatch.actor, dispatch.isProvisional, version])
        return { commandId: dispatch.commandId, stream: dispatch.stream, version, position: 0, result: undefined }
      }
      const { app, account, move, stored } = await begin(undefined, [noting])
      await app.transaction(
        async ({ dispatch, append }) => {
          await dispatch(new Deposit(move(1)), { metadata: { desk: 3 } })
          append(`account-${account}`, new Deposited(move(1)))
        },
        { actor: 'ann', correlationId: 'request', metadata: { branch: 'north' } },
      )
      expect(around).toEqual([['ann', true, 1]])
      expect((await stored()).map(({ metadata }) => JSON.parse(metadata))).toMatchObject([
        { correlationId: 'request', actor: 'ann', user: { branch: 'north', desk: 3 } },
        { correlationId: 'request', actor: 'ann', user: { branch: 'north' } },
      ])
    })

    it('are waited for by strong handlers when the transaction is', async () => {
      const { app, move } = await begin()
      await app.transaction(({ dispatch }) => dispatch(new Deposit(move(last + 1_000))), { consistency: 'strong' })
      expect(seen).toContain(last + 1_000)
      await expect(app.transaction(async () => {}, { consistency: ['nobody'] })).rejects.toMatchObject({
        code: 'unknown-handler',
      })
    })

    it('are stored although the work has not awaited them', async () => {
      const { app, account, move, stored } = await begin()
      const { dispatched } = await app.transaction(async ({ dispatch }) => {
        void dispatch(new Pay(move(1)))
      })
      expect(dispatched.length).toBeLessThanOrEqual(1)
      const row = await processes.row('purses', account)
      expect((await stored('purse')).length).toBe(row?.version ?? 0)
    })

    it('are the only way to events of an aggregate whose state is in a row', async () => {
      const { app, account, move } = await begin()
      const outcome = app.transaction(async ({ append }) => append(`purse-${account}`, new Deposited(move(1))))
      await expect(outcome).rejects.toMatchObject({ code: 'invalid-append' })
    })

    it('take effect once when nobody knows whether they were stored, whether they were or not', async () => {
      for (const isStored of [true, false]) {
        for (const isAway of [true, false]) {
          let hasFailed = false
          let awayFor = isAway ? 1 : 0
          const lost = () => new StoreUnavailableError('test', 'run a transaction', true, new Error('reset'))
          const { app, account, move } = await begin((store) =>
            altered(store, {
              transaction: async <T>(work: (transaction: AppendsTogether) => Promise<T>) => {
                if (hasFailed) return store.transaction(work)
                hasFailed = true
                if (isStored) await store.transaction(work)
                else
                  await store
                    .transaction(async (transaction) => {
                      await work(transaction)
                      throw lost()
                    })
                    .catch(() => {})
                throw lost()
              },
              appendAll: async (appends: Parameters<EventStore['appendAll']>[0]) => {
                if (awayFor-- > 0) throw lost()
                return store.appendAll(appends)
              },
            }),
          )
          let rounds = 0
          const { dispatched } = await app.transaction(
            async ({ dispatch }) => {
              rounds++
              await dispatch(new Pay(move(1)))
              await dispatch(new Deposit(move(1)))
            },
            { retries: 5 },
          )
          expect(dispatched.map(({ version }) => version)).toEqual([1, 1])
          expect(await processes.row('purses', account)).toMatchObject({ balance: 1, version: 1 })
          expect(await app.stateOf(Account, account)).toMatchObject({ state: { balance: 1 }, version: 1 })
          expect(rounds).toBe(isStored && !isAway ? 1 : 2)
        }
      }
    })

    it('leave the rows alone in a branch, where states come from events', async () => {
      const { app, account, move, purse, counter } = await begin()
      await app.dispatch(new Pay(move(5)))
      const branch = await app.branch()
      await branch.app.dispatch(new Pay(move(6)))
      expect(await branch.app.stateOf(purse, account)).toMatchObject({ state: { balance: 11 }, version: 2 })
      await expect(branch.app.dispatch(new Count({ counter: account, by: 1 }))).rejects.toMatchObject({ code: 'state-not-told' })
      await branch.discard()
      expect(await app.stateOf(purse, account)).toMatchObject({ state: { balance: 5 }, version: 1 })
      expect(await app.stateOf(counter, account)).toMatchObject({ state: { total: 0 }, version: 0 })
    })

    it('are never more than the connections can serve: many at once wait for each other', async () => {
      const { app, account } = await begin()
      await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          app.transaction(async ({ dispatch }) => {
            await dispatch(new Deposit({ account: `${account}-${index}`, amount: 1 }))
            await dispatch(new Limit({ account: `${account}-${index}` }), { commandId: `l ${account} ${index}` })
          }),
        ),
      )
      expect(await app.stateOf(Account, `${account}-29`)).toMatchObject({ version: 2 })
    })
  })
}
