import 'reflect-metadata'
import { closingAfterEach, testDatabase, until } from '@writ/build-tools'
import {
  onBatch,
  type ProjectionBatchContext,
  type ProjectionOptions,
  projection,
  type ReadModelContext,
  type SubscriptionDefinition,
} from '@writ/event-handler'
import { Event, newEvent, systemRuntime } from '@writ/event-store'
import { type PostgresEventStore, postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

class Deposited extends Event('deposited', z.object({ account: z.string(), amount: z.int() })) {}

describe('versions that are compared under writes that never pause, on PostgreSQL', () => {
  const { connectionString } = testDatabase()
  const pool = new pg.Pool({ connectionString, max: 40 })
  const closeLater = closingAfterEach()
  let schema: string
  let tables: string
  let store: PostgresEventStore
  let deposits = 0

  beforeEach(async () => {
    schema = testDatabase().schema
    tables = `${schema}_read`
    deposits = 0
    await pool.query(`create schema ${tables}`)
    closeLater(() => pool.query(`drop schema ${tables} cascade`))
    store = postgresEventStore({ pool, schema })
    await store.start()
    closeLater(() => store.stop())
  })
  afterAll(() => pool.end())

  const readModel = {
    setUp: async ({ sql, table }: ReadModelContext<SqlTransaction>) => {
      await sql`create table if not exists ${table('sums')} (account text primary key, total bigint not null)`
    },
    checksum: async ({ sql, table }: ReadModelContext<SqlTransaction>) => {
      const [row] = await sql<{ checksum: string }>`
        select coalesce(sum(hashtextextended(account || '/' || total, 0)), 0) as checksum from ${table('sums')}`
      return row!.checksum
    },
    count: async ({ sql, table }: ReadModelContext<SqlTransaction>) => {
      const [row] = await sql<{ count: string }>`select count(*) from ${table('sums')}`
      return row!.count
    },
  }
  /** Page by page, so that it keeps up with the writers; a wrong one loses the accounts of the first stream. */
  const sums = (version: number, options: Partial<ProjectionOptions> & { isWrong?: boolean } = {}) => {
    const { isWrong = false, ...rest } = options
    const pages = async (events: readonly Deposited[], { sql, table }: ProjectionBatchContext<SqlTransaction>): Promise<void> => {
      const totals = new Map<string, number>()
      for (const { account, amount } of events) {
        if (!(isWrong && account.startsWith('0-'))) totals.set(account, (totals.get(account) ?? 0) + amount)
      }
      await sql`insert into ${table('sums')} as known
        select * from unnest(${[...totals.keys()]}::text[], ${[...totals.values()]}::bigint[])
        on conflict (account) do update set total = known.total + excluded.total`
    }
    return projection<SqlTransaction>({
      name: 'sums',
      version,
      schema: tables,
      consistency: 'strong',
      ...rest,
      ...readModel,
      onBatch: onBatch([Deposited], pages),
    })
  }

  /** A process with the code of these versions. */
  const run = async (...projections: SubscriptionDefinition[]) => {
    const app = await Application.create({
      store: postgresEventStore({ pool, schema }),
      modules: [module({ name: 'bank', projections, events: [Deposited] })],
      subscriptions: { leaseMilliseconds: 1_000 },
    })
    closeLater(() => app.stop())
    await app.start()
    return app
  }
  /** Two writers, each with the next event as soon as the one before is stored. */
  const writeWithoutPause = () => {
    let isWriting = true
    const write = async (writer: number) => {
      for (let turn = 0; isWriting; ) {
        const account = `${writer}-${turn++ % 20}`
        deposits++
        const event = newEvent(new Deposited({ account, amount: 1 }), systemRuntime.uuid())
        await store.append({ stream: `account-${account}`, events: [event] })
      }
    }
    const writing = Promise.all([write(0), write(1)])
    const end = async () => {
      isWriting = false
      await writing
    }
    closeLater(end)
    return end
  }
  const live = async () => (await store.projections.live('sums'))?.version
  const rowsOf = async (version: number) =>
    (await pool.query(`select account, total::int from ${tables}.sums_v${version} order by account`)).rows as {
      account: string
      total: number
    }[]
  const isCaughtUp = async (app: Application<SqlTransaction>, version: number) => {
    const { versions } = await app.projections.status('sums')
    return versions.find((one) => one.version === version)!.isCaughtUp
  }
  /** Wherever it was held up to be compared. */
  const expectExactlyOnce = async (version: number) => {
    const { rows: stored } = await pool.query(
      `select substring(stream from 9) as account, count(*)::int as total from ${schema}.events group by 1 order by 1`,
    )
    expect(await rowsOf(version)).toEqual(stored)
  }

  it.each([
    ['one partition each', {}, {}],
    ['one partition and four', {}, { partitions: 4, partitionBy: 'account' }],
    ['four partitions each, divided by stream', { partitions: 4 }, { partitions: 4 }],
  ])('agree as of one position, and the newer one is made live by itself: %s', async (_, first, second) => {
    const older = sums(1, first)
    const newer = (swap: 'by-hand' | 'when-caught-up') => sums(2, { ...second, swap, comparable: true })
    const serving = await run(older)
    const endWriting = writeWithoutPause()
    await until('some are written', () => deposits > 300)
    // That partitions on both sides are divided alike is known where the code of both is: there the older one runs as well then.
    const isShared = 'partitions' in first
    if (isShared) await serving.stop()
    const comparing = await (isShared ? run(older, newer('by-hand')) : run(newer('by-hand')))
    await until('it has caught up', () => isCaughtUp(comparing, 2))
    let last = 0
    for (let time = 0; time < 10; time++) {
      const { agrees, position, versions } = await comparing.projections.compare('sums')
      expect({ agrees, versions }).toMatchObject({
        agrees: true,
        versions: [
          { version: 1, count: 40 },
          { version: 2, count: 40 },
        ],
      })
      expect(position).toBeGreaterThanOrEqual(last)
      last = position
    }
    expect(await live()).toBe(1)
    await comparing.stop()

    const app = await (isShared ? run(older, newer('when-caught-up')) : run(newer('when-caught-up')))
    await until('it is made live', async () => (await live()) === 2, 30_000)
    await endWriting()
    await app.settled({ timeout: 20_000 })
    if (!isShared) await serving.settled({ timeout: 20_000 })
    for (const version of [1, 2]) await expectExactlyOnce(version)
  })

  it('differ, and the older one stays live, which is told with the rows and the checksum of both', async () => {
    const serving = await run(sums(1))
    const endWriting = writeWithoutPause()
    await until('some are written', () => deposits > 300)
    const app = await run(sums(2, { isWrong: true, comparable: true, swap: 'by-hand' }))
    await until('it has caught up', () => isCaughtUp(app, 2))
    const error = await app.projections.swap('sums').catch((error: unknown) => error)
    expect(error).toMatchObject({
      code: 'projection-versions-differ',
      versions: [
        { version: 1, count: 40 },
        { version: 2, count: 20 },
      ],
    })
    expect(await live()).toBe(1)
    await endWriting()
    await serving.settled({ timeout: 20_000 })
    await expectExactlyOnce(1)
  })
})
