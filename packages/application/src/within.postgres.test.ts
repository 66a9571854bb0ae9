import 'reflect-metadata'
import { Aggregate, Apply, aggregate, Handle, rowsOf } from '@writ/aggregate'
import { testDatabase } from '@writ/build-tools'
import { inlineProjection, on } from '@writ/event-handler'
import { Command, DomainError, Event } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { postgresEventStore, refusalOfCommit, type SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { z } from 'zod'
import { Application, module } from './index.js'

const Move = z.object({ account: z.string(), amount: z.int() })
class Deposited extends Event('deposited', Move) {}
class Deposit extends Command('deposit', Move) {}
class Pay extends Command('pay', Move) {}

@Aggregate({ category: 'account', identity: 'account' })
class Account {
  balance = 0

  @Handle(Deposit)
  deposit(command: Deposit) {
    if (this.balance + command.amount > 100) throw new DomainError('too-much', 'No more than 100.')
    return new Deposited(command)
  }

  @Apply(Deposited)
  deposited({ amount }: Deposited) {
    this.balance += amount
  }
}

describe('work on a transaction of your own', () => {
  const { connectionString, schema } = testDatabase()
  const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}`, max: 4 })
  let app: Application<SqlTransaction>
  let client: pg.PoolClient
  let last = 0
  let account = ''

  beforeAll(async () => {
    const purse = aggregate({
      category: 'purse',
      identity: 'account',
      storedIn: rowsOf({ table: 'purses', key: 'account' }),
      commands: [Pay],
      events: [Deposited],
      initialState: { balance: 0 },
      decide: { pay: (_state, command) => new Deposited(command) },
      evolve: { deposited: ({ balance }, { amount }) => ({ balance: balance + amount }) },
    })
    const ledger = inlineProjection<SqlTransaction>({
      name: 'ledger',
      on: [
        on(Deposited, async ({ account, amount }, { sql }) => {
          await sql`insert into ledger (account, amount) values (${account}, ${amount})`
        }),
      ],
    })
    const store = postgresEventStore({ pool, schema })
    app = await Application.create({
      store,
      modules: [module({ name: 'bank', aggregates: [Account, purse], projections: [ledger] })],
    })
    await app.start()
    await pool.query(`create table purses (account text primary key, version integer not null, balance integer not null);
      create table ledger (account text, amount integer); create table payments (account text primary key)`)
  })
  beforeEach(async () => {
    client = await pool.connect()
    account = `a${++last}`
  })
  afterEach(async () => {
    await client.query('rollback')
    client.release()
  })
  afterAll(async () => {
    await app.stop()
    await pool.end()
  })

  const found = async () => {
    const count = async (text: string) => (await pool.query<{ sum: number }>(text, [account])).rows[0]!.sum
    return {
      payments: await count('select count(*)::integer as sum from payments where account = $1'),
      purse: await count('select coalesce(sum(balance), 0)::integer as sum from purses where account = $1'),
      ledger: await count('select coalesce(sum(amount), 0)::integer as sum from ledger where account = $1'),
      account: (await app.stateOf(Account, account)).state.balance,
    }
  }

  const pay = (amount: number) =>
    app.within(client, async ({ sql, dispatch }) => {
      await sql`insert into payments (account) values (${account})`
      await dispatch(new Deposit({ account, amount }))
      await dispatch(new Pay({ account, amount }))
      const { version, state } = await dispatch(new Deposit({ account, amount }), { returning: { state: Account } })
      return { version, balance: state.balance }
    })

  it('is written by your COMMIT: your rows, those of aggregates and inline projections, and the events', async () => {
    await client.query('begin')
    expect(await pay(5)).toEqual({ version: 2, balance: 10 })
    expect(await found()).toEqual({ payments: 0, purse: 0, ledger: 0, account: 0 })
    await client.query('commit')
    expect(await found()).toEqual({ payments: 1, purse: 5, ledger: 15, account: 10 })
  })

  it('is forgotten by your ROLLBACK', async () => {
    await client.query('begin')
    await pay(5)
    await client.query('rollback')
    expect(await found()).toEqual({ payments: 0, purse: 0, ledger: 0, account: 0 })
  })

  it('makes your COMMIT fail where another writer was first, by an error that can be read', async () => {
    await client.query('begin')
    await pay(5)
    await app.dispatch(new Deposit({ account, amount: 1 }))
    const refusal = await client.query('commit').then(() => undefined, refusalOfCommit)
    expect(refusal).toMatchObject({ code: 'wrong-expected-version', stream: `account-${account}`, actualVersion: 1 })
    expect(await found()).toEqual({ payments: 0, purse: 0, ledger: 1, account: 1 })
  })

  it('may have a command refused, and go on', async () => {
    await client.query('begin')
    const code = await app.within(client, async ({ dispatch }) => {
      await dispatch(new Deposit({ account, amount: 5 }))
      return dispatch(new Deposit({ account, amount: 500 })).catch((error: DomainError) => error.code)
    })
    await client.query('commit')
    expect([code, (await found()).account]).toEqual(['too-much', 5])
  })

  it('is done in one call: a second one is refused before its work, and what the first has done may be committed', async () => {
    await client.query('begin')
    await pay(5)
    let hasRun = false
    const second = app.within(client, async () => {
      hasRun = true
    })
    await expect(second).rejects.toMatchObject({ code: 'unsuitable-transaction', why: expect.stringContaining('one call') })
    expect(hasRun).toBe(false)
    await client.query('commit')
    expect(await found()).toEqual({ payments: 1, purse: 5, ledger: 15, account: 10 })
  })

  it('may be done again where a savepoint has taken back the first time', async () => {
    await client.query('begin; savepoint first')
    await pay(5)
    await client.query('rollback to first')
    await pay(7)
    await client.query('commit')
    expect(await found()).toEqual({ payments: 1, purse: 7, ledger: 21, account: 14 })
  })

  it.each(['repeatable read', 'serializable'])('is refused in a transaction that is %s, before the work', async (level) => {
    await client.query(`begin isolation level ${level}`)
    let hasRun = false
    const work = app.within(client, async () => {
      hasRun = true
    })
    await expect(work).rejects.toMatchObject({ code: 'unsuitable-transaction' })
    expect(hasRun).toBe(false)
  })

  it('is refused where there is no transaction', async () => {
    await expect(app.within(client, async () => {})).rejects.toMatchObject({ code: 'unsuitable-transaction' })
  })

  it('refuses options that make no sense here, and a store that can’t join', async () => {
    await expect(app.within(client, async () => {}, { retries: 5 } as object)).rejects.toMatchObject({ code: 'invalid-option' })
    const other = await Application.create({
      store: inMemoryEventStore(),
      modules: [module({ name: 'bank', aggregates: [Account] })],
    })
    await other.start()
    await expect(other.within(client, async () => {})).rejects.toMatchObject({ code: 'capability-missing' })
    await other.stop()
  })
})
