import 'reflect-metadata'
import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { testDatabase } from '@writ/build-tools'
import { type InlineContext, InlineProjection, On } from '@writ/event-handler'
import { Command, DomainError, Event } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

class Opened extends Event('opened', z.object({ account: z.string(), email: z.string() })) {}
class Moved extends Event('moved', z.object({ account: z.string(), to: z.string(), amount: z.int() })) {}
class Open extends Command('open', z.object({ account: z.string(), email: z.string() })) {}
class Move extends Command('move', z.object({ account: z.string(), to: z.string(), amount: z.int() })) {}

@Aggregate({ category: 'account', identity: 'account' })
class Account {
  @Handle(Open)
  open({ account, email }: Open) {
    return new Opened({ account, email })
  }

  @Handle(Move)
  move({ account, to, amount }: Move) {
    return new Moved({ account, to, amount })
  }

  @Apply(Opened)
  opened(_event: Opened) {}

  @Apply(Moved)
  moved(_event: Moved) {}
}

type Context = InlineContext<SqlTransaction>

@InlineProjection({ name: 'accounts' })
class Accounts {
  async setUp({ sql }: SqlTransaction) {
    await sql`create table if not exists accounts (account text primary key, email text unique, balance bigint not null, version bigint)`
  }

  @On(Opened)
  async opened({ account, email }: Opened, { sql, event: { version } }: Context) {
    const [row] = await sql`
      insert into accounts values (${account}, ${email}, 100, ${version}) on conflict (email) do nothing returning account`
    if (!row) throw new DomainError('email-taken', 'There is an account for this e-mail.', { email })
  }

  @On(Moved)
  async moved({ account, to, amount }: Moved, { sql }: Context) {
    await sql`update accounts set balance = balance - ${amount} where account = ${account}`
    await sql`update accounts set balance = balance + ${amount} where account = ${to}`
  }
}

const bank = module({ name: 'bank', aggregates: [Account], projections: [Accounts] })

describe('an inline projection on PostgreSQL', () => {
  const { connectionString, schema } = testDatabase()
  let pool: pg.Pool
  const applications: Application<SqlTransaction>[] = []

  beforeAll(async () => {
    pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}_read`, max: 12 })
    await pool.query(`create schema ${schema}_read`)
    // Two at once, as processes would start.
    const started = [0, 1].map(async () => {
      const app = await Application.create({ store: postgresEventStore({ pool, schema }), modules: [bank] })
      await app.start()
      return app
    })
    applications.push(...(await Promise.all(started)))
  })
  afterAll(async () => {
    for (const app of applications) await app.stop()
    await pool.query(`drop schema ${schema}_read cascade`)
    await pool.end()
  })

  const rows = async () => (await pool.query('select account, balance::int, version::int from accounts order by account')).rows
  const appOf = (index: number) => applications[index % applications.length]!

  it('keeps one row an e-mail, whoever is first, in two processes at once', async () => {
    const attempts = Array.from({ length: 20 }, (_, index) =>
      appOf(index).dispatch(new Open({ account: `a${index}`, email: 'one@example.com' })),
    )
    const outcomes = await Promise.allSettled(attempts)
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused.map(({ reason }) => reason.code)).toEqual(Array(19).fill('email-taken'))
    expect(await rows()).toMatchObject([{ balance: 100, version: 1 }])
    expect((await appOf(0).store.head()).position).toBe(1)
  })

  it('has the row to read when the command is answered', async () => {
    await appOf(0).dispatch(new Open({ account: 'reader', email: 'reader@example.com' }))
    expect(await rows()).toContainEqual({ account: 'reader', balance: 100, version: 1 })
  })

  it('tells of a conflict when two open one account: the second decides again', async () => {
    const opened = await Promise.all(
      [0, 1].map((index) =>
        appOf(index)
          .dispatch(new Open({ account: 'both', email: `both${index}` }))
          .catch((error: unknown) => error),
      ),
    )
    // The second one decides again on version 1, and its row is there already.
    expect(opened).toContainEqual(expect.objectContaining({ version: 1 }))
    expect(opened).toContainEqual(
      expect.objectContaining({ code: 'inline-projection-failed', cause: expect.objectContaining({ code: '23505' }) }),
    )
  })

  it('survives deadlocks: each movement counts once, and no money is lost', async () => {
    for (const account of ['x', 'y']) await appOf(0).dispatch(new Open({ account, email: `${account}@example.com` }))
    const before = (await appOf(0).store.head()).position
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => {
        const [account, to] = index % 2 ? ['x', 'y'] : ['y', 'x']
        return appOf(Math.floor(index / 2)).dispatch(new Move({ account, to, amount: index + 1 } as Move))
      }),
    )
    const [x, y] = (await rows()).filter(({ account }) => account === 'x' || account === 'y')
    expect([x.balance, y.balance]).toEqual([100 - 20, 100 + 20])
    expect((await appOf(0).store.head()).position).toBe(before + 40)
  })

  it('writes nothing when its statement fails', async () => {
    const before = (await appOf(0).store.head()).position
    const failing = appOf(0).dispatch(new Move({ account: 'x', to: 'y', amount: Number.MAX_SAFE_INTEGER }))
    await failing.catch(() => {})
    const overflowing = Array.from({ length: 1_200 }, () => new Moved({ account: 'x', to: 'y', amount: Number.MAX_SAFE_INTEGER }))
    const transaction = appOf(0).transaction(async ({ append }) => append('account-x', overflowing))
    await expect(transaction).rejects.toMatchObject({ code: 'inline-projection-failed', cause: { code: '22003' } })
    expect((await appOf(0).store.head()).position).toBe(before + 1)
  })
})
