// A log that was written by the code of earlier years, read by the code of today: every reader sees today's shapes.
import 'reflect-metadata'
import { Aggregate, Apply, Handle, type Handling } from '@writ/aggregate'
import { testDatabase } from '@writ/build-tools'
import { CommandHandler } from '@writ/command-router'
import { On, Projection, type ProjectionContext } from '@writ/event-handler'
import { Command, DomainError, Event, type EventStore, type RecordedEvent, systemRuntime, upcaster } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import { ProcessManager, readJournal, Start } from '@writ/process-manager'
import pg from 'pg'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

const date = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (moment) => moment.toISOString(),
})
const cents = z.codec(z.string(), z.bigint(), { decode: (text) => BigInt(text), encode: (number) => number.toString() })

const tagged = { tags: ({ email }: { email: string }) => [`email:${email}`] }
class AccountOpened extends Event('account-opened', z.object({ account: z.string(), email: z.string(), openedAt: date }), {
  schemaVersion: 3,
  ...tagged,
}) {}
class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), cents }), { schemaVersion: 2 }) {}
class FeeCharged extends Event('fee-charged', z.object({ account: z.string(), cents })) {}
class AccountWelcomed extends Event('account-welcomed', z.object({ account: z.string() })) {}

class OpenAccount extends Command('open-account', z.object({ account: z.string(), email: z.string() })) {}
class DepositMoney extends Command('deposit-money', z.object({ account: z.string(), cents })) {}
class Welcome extends Command('welcome', z.object({ account: z.string() })) {}
class EmailTaken extends DomainError<'email-taken'> {
  constructor(account: string) {
    super('email-taken', `It belongs to ${account}.`, { account })
  }
}

@Aggregate({ category: 'account', identity: 'account' })
class Account {
  openedAt: Date | undefined
  balance = 0n
  welcomes = 0

  @Handle(DepositMoney) deposit(command: DepositMoney) {
    return new MoneyDeposited({ ...command })
  }
  @Handle(Welcome) welcome({ account }: Welcome) {
    return new AccountWelcomed({ account })
  }
  @Apply(AccountOpened) opened({ openedAt }: AccountOpened) {
    this.openedAt = openedAt
  }
  @Apply(MoneyDeposited) deposited({ cents }: MoneyDeposited) {
    this.balance += cents
  }
  @Apply(FeeCharged) charged({ cents }: FeeCharged) {
    this.balance -= cents
  }
  @Apply(AccountWelcomed) welcomed(_: AccountWelcomed) {
    this.welcomes++
  }
}

@CommandHandler(OpenAccount, {
  aggregate: Account,
  boundary: ({ email }) => ({ types: [AccountOpened.type], tags: [`email:${email}`] }),
})
class OpenAccountHandler {
  handle(_: Account, { account, email }: OpenAccount, { boundary }: Handling) {
    const [taken] = boundary
    if (taken) throw new EmailTaken((taken.data as AccountOpened).account)
    return new AccountOpened({ account, email, openedAt: new Date(0) })
  }
}

const { connectionString, schema } = testDatabase()

@Projection({ name: 'bookings', consistency: 'strong' })
class Bookings {
  async setUp({ sql }: SqlTransaction) {
    await sql`create table if not exists bookings (place text primary key, account text not null, cents bigint not null)`
  }
  @On(MoneyDeposited)
  async deposited({ account, cents }: MoneyDeposited, { sql, event }: ProjectionContext<SqlTransaction>) {
    await sql`insert into bookings values (${place(event)}, ${account}, ${cents})`
  }
  @On(FeeCharged)
  async charged({ account, cents }: FeeCharged, { sql, event }: ProjectionContext<SqlTransaction>) {
    await sql`insert into bookings values (${place(event)}, ${account}, ${-cents})`
  }
}
const place = ({ position, part }: RecordedEvent) => `${position}/${part}`

@ProcessManager({ name: 'welcoming', correlate: 'account', consistency: 'strong' })
class Welcoming {
  @Start(AccountOpened) opened({ account }: AccountOpened) {
    return new Welcome({ account })
  }
}

const bank = module({
  name: 'bank',
  aggregates: [Account],
  commandHandlers: [OpenAccountHandler],
  projections: [Bookings],
  processManagers: [Welcoming],
  upcasters: [
    // Renamed twice, once by its type.
    upcaster({
      from: { type: 'account-created', schemaVersion: 1 },
      to: { type: 'account-opened', schemaVersion: 2 },
      upcast: ({ id, email }) => ({ account: id, email }),
    }),
    upcaster({
      from: { type: 'account-opened', schemaVersion: 1 },
      to: { type: 'account-opened', schemaVersion: 2 },
      upcast: ({ mail, ...data }) => ({ ...data, email: mail }),
    }),
    // The day of its opening was not written down.
    upcaster({
      from: { type: 'account-opened', schemaVersion: 2 },
      to: AccountOpened,
      upcast: (data: { account: string; email: string }, { createdAt }) => ({ ...data, openedAt: createdAt.toISOString() }),
    }),
    // The fee became an event of its own.
    upcaster({
      from: { type: 'money-deposited', schemaVersion: 1 },
      to: [MoneyDeposited, FeeCharged],
      upcast: ({ account, amount, fee }: { account: string; amount: number; fee?: number }) => [
        { 'money-deposited': { account, cents: `${amount * 100}` } },
        ...(fee ? [{ 'fee-charged': { account, cents: `${fee}` } }] : []),
      ],
    }),
    upcaster({ from: { type: 'account-viewed', schemaVersion: 1 }, to: [] }),
  ],
})

const stored = [
  ['account-ann', 'account-created', 1, '{ "id":"ann",  "email":"ann@example.com" }', ['email:ann@example.com']],
  ['account-ann', 'money-deposited', 1, '{"account":"ann","amount":7,"fee":50}', []],
  ['account-ann', 'account-viewed', 1, '{}', []],
  ['account-bob', 'account-opened', 1, '{"account":"bob","mail":"bob@example.com"}', ['email:bob@example.com']],
  ['account-bob', 'money-deposited', 1, '{"account":"bob","amount":1.0}', []],
  ['account-bob', 'money-deposited', 2, '{"account":"bob","cents":"9007199254740993"}', []],
] as const

async function writeAsInEarlierYears(store: EventStore): Promise<void> {
  for (const [stream, type, schemaVersion, data, tags] of stored) {
    const metadata = '{"actor":"clerk"}'
    await store.append({ stream, events: [{ id: systemRuntime.uuid(), type, schemaVersion, data, metadata, tags }] })
  }
}

describe('a log with events of earlier years', () => {
  const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}_read,public` })
  const store = postgresEventStore({ pool, schema })
  let app: Application
  let head: number

  beforeAll(async () => {
    await pool.query(`create schema ${schema}_read`)
    await store.start()
    await writeAsInEarlierYears(store)
    head = (await store.head()).position
    app = await Application.create({ store, modules: [bank] })
    await app.start()
  })
  afterAll(async () => {
    await app.stop()
    await pool.query(`drop schema ${schema}_read cascade`)
    await pool.end()
  })

  const takenFrom = <T>(count: number, subscribe: (next: (value: T) => void) => { unsubscribe(): void }) =>
    new Promise<T[]>((resolve) => {
      const values: T[] = []
      const subscription = subscribe((value) => {
        values.push(value)
        if (values.length < count) return
        resolve(values)
        queueMicrotask(() => subscription.unsubscribe())
      })
    })

  it('is welcomed by a process manager, each account once', async () => {
    await app.settled()
    for (const account of ['ann', 'bob']) {
      expect((await app.stateOf(Account, account)).state.welcomes).toBe(1)
      expect(await readJournal(store, 'welcoming', account)).toMatchObject([{ event: { type: 'account-opened', part: 0 } }])
    }
  })

  it('gives aggregates the shapes of today, on which they decide', async () => {
    const { state, version } = await app.stateOf(Account, 'ann', { at: { position: head } })
    expect({ state, version }).toEqual({
      state: expect.objectContaining({ balance: 650n, openedAt: expect.any(Date), welcomes: 0 }),
      version: 3,
    })
    await app.dispatch(new DepositMoney({ account: 'ann', cents: 5n }))
    expect((await app.stateOf(Account, 'ann')).state).toMatchObject({ balance: 655n })
    expect((await app.stateOf(Account, 'bob')).state).toMatchObject({ balance: 9_007_199_254_741_093n })
  })

  it.each([
    [1, 0n],
    [2, 650n],
    [3, 650n],
  ])('gives the state at version %p', async (version, balance) => {
    expect(await app.stateOf(Account, 'ann', { at: { version } })).toMatchObject({ state: { balance }, version })
  })

  it('finds what a boundary asks for, under whatever name it is stored', async () => {
    for (const account of ['ann', 'bob']) {
      const taken = app.dispatch(new OpenAccount({ account: 'new', email: `${account}@example.com` }))
      await expect(taken).rejects.toMatchObject({ code: 'email-taken', facts: { account } })
    }
    await app.dispatch(new OpenAccount({ account: 'carl', email: 'carl@example.com' }))
    await expect(app.dispatch(new OpenAccount({ account: 'new', email: 'carl@example.com' }))).rejects.toMatchObject({
      code: 'email-taken',
    })
  })

  it('gives a projection all parts of an event, with its exact amounts', async () => {
    await app.waitFor(head)
    const { rows } = await pool.query(
      'select account, cents from bookings where split_part(place, $1, 1)::int <= $2 order by place',
      ['/', head],
    )
    expect(rows).toEqual([
      { account: 'ann', cents: '700' },
      { account: 'ann', cents: '-50' },
      { account: 'bob', cents: '100' },
      { account: 'bob', cents: '9007199254740993' },
    ])
  })

  it('comes along as today’s events, all of them, or those of a class, or those of a stream', async () => {
    const all = await takenFrom<RecordedEvent>(6, (next) => app.events().subscribe(next))
    expect(all.map(({ type, version, part, metadata }) => [type, version, part, metadata.actor])).toEqual([
      ['account-opened', 1, 0, 'clerk'],
      ['money-deposited', 2, 0, 'clerk'],
      ['fee-charged', 2, 1, 'clerk'],
      ['account-opened', 1, 0, 'clerk'],
      ['money-deposited', 2, 0, 'clerk'],
      ['money-deposited', 3, 0, 'clerk'],
    ])
    const opened = await takenFrom<RecordedEvent<AccountOpened>>(2, (next) =>
      app.events({ types: [AccountOpened] }).subscribe(next),
    )
    expect(opened.map(({ data }) => [data.account, data.email])).toEqual([
      ['ann', 'ann@example.com'],
      ['bob', 'bob@example.com'],
    ])
    for (const selection of [{ types: [FeeCharged] }, { stream: 'account-ann', types: [FeeCharged] }]) {
      const [fee] = await takenFrom<RecordedEvent<FeeCharged>>(1, (next) => app.events(selection).subscribe(next))
      expect(fee).toMatchObject({ data: { cents: 50n }, part: 1, version: 2 })
    }
  })

  it('has still each letter of what was written', async () => {
    const texts: unknown[] = []
    for await (const page of store.readAll({ upTo: head })) {
      for (const { stream, type, schemaVersion, data, tags } of page) texts.push([stream, type, schemaVersion, data, tags])
    }
    expect(texts).toEqual(stored)
  })
})
