import 'reflect-metadata'
import { testDatabase, until } from '@writ/build-tools'
import {
  On,
  OnBatch,
  Projection,
  type ProjectionBatchContext,
  type ProjectionContext,
  type ReadModelContext,
} from '@writ/event-handler'
import { type Class, Event, newEvent, systemRuntime } from '@writ/event-store'
import { type PostgresEventStore, postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

class Deposited extends Event('deposited', z.object({ account: z.string(), amount: z.int() })) {}

const { connectionString, schema } = testDatabase()
const tables = `${schema}_read`

type Context = ProjectionContext<SqlTransaction>
type Names = ReadModelContext<SqlTransaction>

abstract class SumsTable {
  async setUp({ sql, table, index }: Names) {
    await sql`create table if not exists ${table('sums')} (account text primary key, total bigint not null)`
    await sql`create index if not exists ${index('sums_total')} on ${table('sums')} (total)`
  }

  async checksum({ sql, table }: Names) {
    const [row] = await sql<{ checksum: string }>`
      select count(*) || '/' || coalesce(sum(hashtextextended(account || total, 0)), 0) as checksum from ${table('sums')}`
    return row!.checksum
  }

  async tearDown({ sql, table }: Names) {
    await sql`drop table ${table('sums')}`
  }
}

/** The first version: a row an account. */
@Projection({ name: 'sums', version: 1, schema: tables, consistency: 'strong' })
class Sums extends SumsTable {
  @On(Deposited)
  async deposited({ account, amount }: Deposited, { sql, table }: Context) {
    await sql`insert into ${table('sums')} as k values (${account}, ${amount})
      on conflict (account) do update set total = k.total + excluded.total`
  }
}

/** The second one: the same rows, written page by page. */
@Projection({ name: 'sums', version: 2, schema: tables, consistency: 'strong' })
class SumsInPages extends SumsTable {
  @OnBatch(Deposited)
  async pages(events: readonly Deposited[], { sql, table }: ProjectionBatchContext<SqlTransaction>) {
    const sums = new Map<string, number>()
    for (const { account, amount } of events) sums.set(account, (sums.get(account) ?? 0) + amount)
    await sql`insert into ${table('sums')} as k
      select * from unnest(${[...sums.keys()]}::text[], ${[...sums.values()]}::bigint[])
      on conflict (account) do update set total = k.total + excluded.total`
  }
}

describe('versions of a projection on PostgreSQL', () => {
  const pool = new pg.Pool({ connectionString, max: 30 })
  const applications: Application<SqlTransaction>[] = []
  let store: PostgresEventStore

  beforeAll(async () => {
    await pool.query(`create schema ${tables}`)
    store = postgresEventStore({ pool, schema })
    await store.start()
  })
  afterAll(async () => {
    for (const app of applications) await app.stop()
    await store.stop()
    await pool.query(`drop schema ${tables} cascade`)
    await pool.end()
  })

  let onTestEnd = () => {}
  afterEach(() => onTestEnd())

  /** A process with the code of these versions. */
  const run = async (...projections: Class<object>[]) => {
    const app = await Application.create({
      store: postgresEventStore({ pool, schema }),
      modules: [module({ name: 'bank', projections, events: [Deposited] })],
      subscriptions: { leaseMilliseconds: 1_000 },
    })
    applications.push(app)
    await app.start()
    return app
  }
  let deposits = 0
  const deposit = (count: number) =>
    store.append({
      stream: 'account-a',
      events: Array.from({ length: count }, () => {
        deposits++
        return newEvent(new Deposited({ account: `a${deposits % 50}`, amount: 1 }), systemRuntime.uuid())
      }),
    })
  const total = (app: Application<SqlTransaction>) =>
    app.readModel('sums', async ({ sql, table, version, position }) => {
      const [row] = await sql<{ total: string }>`select coalesce(sum(total), 0) as total from ${table('sums')}`
      return { version, total: Number(row!.total), position: await position() }
    })
  const names = async () =>
    (await pool.query('select tablename from pg_tables where schemaname = $1 order by 1', [tables])).rows.map(
      (row) => row.tablename,
    )

  it('raises a version under writes: no read fails or goes back, in old code and in new, and a build that is stopped half-way goes on', async () => {
    for (let round = 0; round < 3; round++) await deposit(1_000)
    const old = await run(Sums)
    await until('the first is caught up', async () => (await total(old)).total === deposits)

    const ending = new AbortController()
    onTestEnd = () => ending.abort()
    let isWriting = true
    const writing = (async () => {
      while (isWriting && !ending.signal.aborted) {
        await deposit(5)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })()
    const reads = { failed: [] as unknown[], back: 0, count: 0, versions: new Set<string>() }
    const reading = (name: string, app: Application<SqlTransaction>) => {
      let last = 0
      let isReading = true
      const done = (async () => {
        while (isReading && !ending.signal.aborted) {
          try {
            const read = await total(app)
            // Rows are as of their position, whichever version they are of.
            if (read.total !== read.position || read.total < last) reads.back++
            last = read.total
            reads.versions.add(`${name} ${read.version}`)
            reads.count++
            await new Promise((resolve) => setTimeout(resolve, 2))
          } catch (error) {
            reads.failed.push(error)
            await new Promise((resolve) => setTimeout(resolve, 10))
          }
        }
      })()
      return () => {
        isReading = false
        return done
      }
    }
    const stops = [reading('old', old)]

    // A rolling deployment: new code beside the old. Its first process is ended half-way through the build.
    const halfWay = await run(SumsInPages)
    const { versions } = await halfWay.projections.status(SumsInPages)
    expect(versions.map(({ version, state, isHere }) => [version, state, isHere])).toEqual([
      [2, 'building', true],
      [1, 'live', false],
    ])
    await halfWay.stop()
    const checkpoint = async () => (await store.checkpoints.list('sums@2'))[0]!.checkpoint
    const before = await checkpoint()
    const resumed = await run(SumsInPages)
    expect(await checkpoint()).toBeGreaterThanOrEqual(before)
    await until('the new code is ready', async () => (await resumed.health()).status === 'up')
    stops.push(reading('new', resumed))
    await until('both are read', () => reads.versions.size === 2)
    await until('the new one is live', async () => (await store.projections.live('sums'))?.version === 2)
    const { count } = reads
    await until('both were read on', () => reads.count > count + 100)
    isWriting = false
    await writing
    for (const stop of stops) await stop()
    expect(reads.failed).toEqual([])
    expect(reads.back).toBe(0)
    expect([...reads.versions].sort()).toEqual(['new 2', 'old 1'])
    expect(reads.count).toBeGreaterThan(100)
    expect(await store.projections.live('sums')).toMatchObject({ version: 2, previous: 1 })
    await resumed.waitFor(deposits)
    expect(await total(resumed)).toEqual({ version: 2, total: deposits, position: deposits })
  })

  it('reads a version that another process has just made live, or rolled back, in the very same read', async () => {
    const both = await run(Sums, SumsInPages)
    await until('both stand at the end', async () =>
      (await both.projections.status('sums')).versions.every(({ isCaughtUp }) => isCaughtUp),
    )
    expect(await both.projections.compare('sums', { version: 1 })).toMatchObject({
      agrees: true,
      position: deposits,
      versions: [{ version: 2 }, { version: 1, checksum: expect.stringMatching(/^50\//) }],
    })
    const other = applications[0]!
    await both.projections.rollBack('sums')
    expect([(await total(both)).version, (await total(other)).version]).toEqual([1, 1])
    await expect(store.projections.swap('sums', { from: 2, to: 1 })).rejects.toMatchObject({
      code: 'projection-version-conflict',
    })
    await both.projections.swap('sums')
    expect([(await total(both)).version, (await total(other)).version]).toEqual([2, 1])
    await expect(both.readModel('sums', ({ sql, table }) => sql`delete from ${table('sums')}`)).rejects.toMatchObject({
      code: '25006',
    })
  })

  it('is dropped with its tables, when it is neither live nor the one before', async () => {
    @Projection({ name: 'sums', version: 3, schema: tables, comparable: true })
    class SumsAgain extends Sums {}
    const app = await run(Sums, SumsInPages, SumsAgain)
    await until('the third is live', async () => (await app.projections.status('sums')).live === 3)
    expect(await names()).toEqual(['sums_v1', 'sums_v2', 'sums_v3'])
    await expect(app.projections.drop('sums', 2)).rejects.toMatchObject({ code: 'projection-version-in-use' })
    // The processes from before would build it anew.
    const others = applications.splice(0, applications.length - 1)
    await expect(app.projections.drop('sums', 1)).rejects.toMatchObject({
      code: 'projection-version-in-use',
      use: 'run-elsewhere',
      by: expect.arrayContaining([expect.any(String)]),
    })
    for (const other of others) await other.stop()
    await until('nobody else runs it', async () => {
      const dropped = app.projections.drop('sums', 1)
      return dropped.then(
        () => true,
        () => false,
      )
    })
    expect(await names()).toEqual(['sums_v2', 'sums_v3'])
  })

  it('refuses a name for a table that is too long with its version', async () => {
    const app = applications.at(-1)!
    await expect(app.readModel('sums', ({ table }) => table('t'.repeat(61)))).rejects.toMatchObject({ code: 'invalid-sql' })
  })

  it('is built in several partitions at once where the projection says so, and one stream of it is replayed under writes', async () => {
    @Projection({ name: 'by-stream', version: 1, schema: tables, partitions: 4 })
    class ByStream {
      async setUp({ sql, table }: Names) {
        await sql`create table if not exists ${table('by_stream')} (stream text primary key, total bigint not null)`
      }

      @On(Deposited)
      async deposited({ amount }: Deposited, { sql, table, event: { stream } }: Context) {
        await sql`insert into ${table('by_stream')} as k values (${stream}, ${amount})
          on conflict (stream) do update set total = k.total + excluded.total`
      }

      async forget(stream: string, { sql, table }: Names) {
        await sql`delete from ${table('by_stream')} where stream = ${stream}`
      }
    }
    const totals = new Map<string, number>()
    const pay = async (stream: string) => {
      const event = newEvent(new Deposited({ account: stream, amount: 2 }), systemRuntime.uuid())
      await store.append({ stream, events: [event] })
      totals.set(stream, (totals.get(stream) ?? 0) + 2)
    }
    const streams = Array.from({ length: 12 }, (_, index) => `wallet-${index}`)
    for (const stream of streams) await pay(stream)
    const app = await run(ByStream)
    const rows = async () => {
      const { rows: found } = await pool.query(
        `select stream, total::int from ${tables}.by_stream_v1 where stream like 'wallet-%'`,
      )
      return Object.fromEntries(found.map(({ stream, total }) => [stream, total]))
    }
    const areRight = async () => {
      await app.settled({ timeout: 20_000 })
      expect(await rows()).toEqual(Object.fromEntries(totals))
    }
    await areRight()
    expect(await store.checkpoints.list('by-stream@1')).toHaveLength(4)

    await pool.query(`update ${tables}.by_stream_v1 set total = 1000 where stream in ('wallet-3', 'wallet-7')`)
    let isWriting = true
    const writing = (async () => {
      for (let turn = 0; isWriting; turn++) await pay(streams[turn % streams.length]!)
    })()
    expect(await app.projections.replay('by-stream', 'wallet-3')).toBeGreaterThanOrEqual(1)
    await app.projections.replay('by-stream', 'wallet-7')
    isWriting = false
    await writing
    await areRight()
    await expect(app.projections.replay('by-stream', 'wallet-99')).resolves.toBe(0)
    const other = applications[0]!
    await expect(other.projections.replay('sums', 'account-a')).rejects.toMatchObject({
      code: 'replay-refused',
      why: expect.stringContaining('forget'),
    })
  })

  it('can be read as soon as the application runs, and before anything of it was handled', async () => {
    @Projection({ name: 'early', version: 1, schema: tables })
    class Early extends Sums {
      override async setUp({ sql, table }: Names) {
        await sql`create table if not exists ${table('early')} (account text primary key)`
      }
    }
    const subscription = { subscription: 'early@1', partition: 0 }
    await store.checkpoints.register({ name: 'early@1', startAfter: 0 })
    expect(await store.checkpoints.acquire(subscription, 'another process', 60_000)).toMatchObject({ acquired: true })
    const app = await run(Early)
    expect(await app.readModel('early', ({ sql, table }) => sql`select from ${table('early')}`)).toEqual([])
    await pool.query(`drop table ${tables}.early_v1`)
  })
})
