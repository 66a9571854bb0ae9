import { join } from 'node:path'
import { closingAfterEach, testDatabase, testProcesses, until } from '@writ/build-tools'
import { Event, newEvent, systemRuntime } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { z } from 'zod'

const script = join(__dirname, '../test/rolling-process.mjs')

class Deposited extends Event('deposited', z.object({ account: z.string(), amount: z.int() })) {}

jest.setTimeout(90_000)

/** How many events stand in the log before the new version comes. */
const BEFORE = 3_000

/** What `rolling-process.mjs` tells. */
interface Told {
  readonly live?: number
  readonly last?: { readonly version: number; readonly total: number; readonly position: number }
  readonly reads: number
  readonly notReady: number
  readonly failed: readonly string[]
  readonly wrong: readonly unknown[]
}

describe('a rolling deployment on PostgreSQL: processes with old code and with new code at once', () => {
  const { connectionString } = testDatabase()
  const start = testProcesses()
  const pool = new pg.Pool({ connectionString, max: 4 })
  const closeLater = closingAfterEach()
  afterAll(() => pool.end())

  it('serves all reads under writes, from the old tables and then from the new, though one of the old is killed during the build', async () => {
    const [{ schema }, { schema: tables }] = [testDatabase(), testDatabase()]
    await pool.query(`create schema ${tables}`)
    closeLater(() => pool.query(`drop schema ${tables} cascade`))
    const store = postgresEventStore({ pool, schema })
    await store.start()
    closeLater(() => store.stop())
    let deposits = 0
    const deposit = async (count: number) => {
      const events = Array.from({ length: count }, (_, index) =>
        newEvent(new Deposited({ account: `a${index % 50}`, amount: 1 }), systemRuntime.uuid()),
      )
      await store.append({ stream: 'account-a', events })
      deposits += count
    }
    const work = (version: number, size: number) => start<Told>(script, [connectionString, schema, tables, version, size])
    const checkpointOf = async (version: number) => (await store.checkpoints.list(`sums@${version}`))[0]?.checkpoint ?? 0

    await deposit(BEFORE)
    const [killed, old] = [work(1, 1_000), work(1, 1_000)]
    await until('both serve all that there is', () => [killed, old].every(({ newest }) => newest?.last?.position === BEFORE))
    let isBusy = true
    const writing = (async () => {
      while (isBusy) await deposit(1)
    })()
    closeLater(async () => {
      isBusy = false
      await writing
    })
    const next = work(2, 10)
    await until('the new one is being built', async () => (await checkpointOf(2)) > 100)
    expect(await killed.kill()).toBe('SIGKILL')
    expect(await checkpointOf(2)).toBeLessThan(BEFORE)
    expect(killed.newest).toMatchObject({ failed: [], wrong: [], last: { version: 1 } })

    await until('both see the swap', () => [old, next].every(({ newest }) => newest?.live === 2), 60_000)
    const since = { old: old.newest!.reads, next: next.newest!.reads }
    await until('both serve on', () => old.newest!.reads > since.old + 20 && next.newest!.reads > since.next + 20)
    expect(next.newest).toMatchObject({ failed: [], wrong: [], last: { version: 2 } })
    // It has the code of the old tables alone, and keeps them up.
    expect(old.newest).toMatchObject({ failed: [], wrong: [], notReady: 0, last: { version: 1 } })

    isBusy = false
    await writing
    await until(
      'both versions have all',
      async () => (await checkpointOf(1)) === deposits && (await checkpointOf(2)) === deposits,
    )
    for (const version of [1, 2]) {
      const { rows } = await pool.query(`select position::int from ${tables}.ledger_v${version} order by position`)
      expect(rows.map(({ position }) => position)).toEqual(Array.from({ length: deposits }, (_, index) => index + 1))
    }
  })
})
