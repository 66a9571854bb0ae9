import 'reflect-metadata'
import { join } from 'node:path'
import { closingAfterEach, testDatabase, testProcesses, until } from '@writ/build-tools'
import { On, Projection, type ProjectionContext, type ReadModelContext } from '@writ/event-handler'
import { Event, newEvent, systemRuntime } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

const script = join(__dirname, '../test/build-process.mjs')

class Deposited extends Event('deposited', z.object({ account: z.string(), amount: z.int() })) {}

/** How many events stand in the log before the build begins. */
const BEFORE = 2_000

describe('a build of a new version that is killed half-way on PostgreSQL', () => {
  const { connectionString } = testDatabase()
  const start = testProcesses()
  const pool = new pg.Pool({ connectionString, max: 20 })
  const closeLater = closingAfterEach()
  afterAll(() => pool.end())

  // The first transaction makes the tables, and each one after it handles a page of 100 at most.
  it.each(['subscription.beforeCommit:8', 'subscription.afterCommit:8'])(
    'goes on from its checkpoint and counts each event once, while the live version serves: %s',
    async (failpoint) => {
      const [{ schema }, { schema: tables }] = [testDatabase(), testDatabase()]
      await pool.query(`create schema ${tables}`)
      closeLater(() => pool.query(`drop schema ${tables} cascade`))

      @Projection({ name: 'sums', version: 1, schema: tables, consistency: 'strong' })
      class Sums {
        async setUp({ sql, table }: ReadModelContext<SqlTransaction>) {
          await sql`create table if not exists ${table('sums')} (account text primary key, total bigint not null)`
        }

        @On(Deposited)
        async deposited({ account, amount }: Deposited, { sql, table }: ProjectionContext<SqlTransaction>) {
          await sql`insert into ${table('sums')} as known values (${account}, ${amount})
          on conflict (account) do update set total = known.total + excluded.total`
        }
      }
      const store = postgresEventStore({ pool, schema })
      const app = await Application.create({
        store,
        modules: [module({ name: 'bank', projections: [Sums], events: [Deposited] })],
      })
      closeLater(() => app.stop())
      await app.start()
      let deposits = 0
      const deposit = (count: number) => {
        const events = Array.from({ length: count }, () => {
          const account = `a${deposits++ % 50}`
          return newEvent(new Deposited({ account, amount: 1 }), systemRuntime.uuid())
        })
        return store.append({ stream: 'account-a', events })
      }
      const { position } = await deposit(BEFORE)
      await app.waitFor(position!, { timeout: 20_000 })

      const work = (name: string, failpoints = '') => start(script, [connectionString, schema, tables, name], { failpoints })
      const reads = { failed: [] as unknown[], wrong: [] as object[], count: 0 }
      let isBusy = true
      const reading = (async () => {
        while (isBusy) {
          try {
            const read = await app.readModel('sums', async ({ sql, table, version, position }) => {
              const [row] = await sql<{ total: string }>`select sum(total) as total from ${table('sums')}`
              return { version, total: Number(row!.total), position: await position() }
            })
            if (read.version !== 1 || read.total !== read.position || read.total < BEFORE) reads.wrong.push(read)
            reads.count++
          } catch (error) {
            reads.failed.push(error)
          }
          await deposit(1)
        }
      })()
      closeLater(async () => {
        isBusy = false
        await reading
      })
      const checkpoint = async () => (await store.checkpoints.list('sums@2'))[0]?.checkpoint

      expect(await work('killed', `${failpoint}=SIGKILL`).ended()).toBe('SIGKILL')
      const halfWay = (await checkpoint())!
      expect(halfWay).toBeGreaterThan(BEFORE / 10)
      expect(halfWay).toBeLessThan(BEFORE)
      expect((await app.projections.status('sums')).versions).toMatchObject([
        { version: 2, state: 'building', position: halfWay },
        { version: 1, state: 'live' },
      ])
      const { count } = reads
      await until('it is read on', () => reads.count > count + 20)

      work('heir')
      await until('the new one is live', async () => (await store.projections.live('sums'))?.version === 2)
      isBusy = false
      await reading
      await until('the new one has handled all', async () => (await checkpoint()) === deposits)
      const { rows: ledger } = await pool.query<{ process: string; position: number }>(
        `select position::int, process from ${tables}.ledger_v2 order by position`,
      )
      expect(ledger.map(({ position }) => position)).toEqual(Array.from({ length: deposits }, (_, index) => index + 1))
      const by = (name: string) => ledger.filter(({ process }) => process === name).map(({ position }) => position)
      expect(by('killed')).toEqual(Array.from({ length: halfWay }, (_, index) => index + 1))
      expect(by('heir')[0]).toBe(halfWay + 1)
      expect(by('heir')).toHaveLength(deposits - halfWay)
      await app.waitFor(deposits, { timeout: 20_000 })
      const rowsOf = async (version: number) =>
        (await pool.query(`select account, total::int from ${tables}.sums_v${version} order by account`)).rows
      expect(await rowsOf(2)).toEqual(await rowsOf(1))
      expect(reads.failed).toEqual([])
      expect(reads.wrong).toEqual([])
    },
  )
})
