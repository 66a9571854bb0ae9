import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { testDatabase } from '@writ/build-tools'
import { Event, newEvent, systemRuntime } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { z } from 'zod'
import { until } from '../test/until.js'

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
  const pool = new pg.Pool({ connectionString, max: 4 })
  const closing: (() => Promise<unknown>)[] = []

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })
  afterAll(() => pool.end())

  it('serves all reads under writes, from the old tables and then from the new, though one of the old is killed during the build', async () => {
    const [{ schema }, { schema: tables }] = [testDatabase(), testDatabase()]
    await pool.query(`create schema ${tables}`)
    closing.push(() => pool.query(`drop schema ${tables} cascade`))
    const store = postgresEventStore({ pool, schema })
    await store.start()
    closing.push(() => store.stop())
    let deposits = 0
    const deposit = async (count: number) => {
      const events = Array.from({ length: count }, (_, index) =>
        newEvent(new Deposited({ account: `a${index % 50}`, amount: 1 }), systemRuntime.uuid()),
      )
      await store.append({ stream: 'account-a', events })
      deposits += count
    }
    const work = (version: number, size: number) => {
      let told: Told = { reads: 0, notReady: 0, failed: [], wrong: [] }
      const facts = [connectionString, schema, tables, String(version), String(size)]
      const child: ChildProcess = fork(join(__dirname, '../test/rolling-process.mjs'), facts, { execArgv: [] })
      child.on('message', (message: Told) => {
        told = message
      })
      const exited = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
      const kill = () => {
        child.kill('SIGKILL')
        return exited
      }
      closing.push(kill)
      return { kill, told: () => told }
    }
    const checkpointOf = async (version: number) => (await store.checkpoints.list(`sums@${version}`))[0]?.checkpoint ?? 0

    await deposit(BEFORE)
    const [killed, old] = [work(1, 1_000), work(1, 1_000)]
    await until('both serve all that there is', () => [killed, old].every(({ told }) => told().last?.position === BEFORE))
    let isBusy = true
    const writing = (async () => {
      while (isBusy) await deposit(1)
    })()
    closing.push(async () => {
      isBusy = false
      await writing
    })
    const next = work(2, 10)
    await until('the new one is being built', async () => (await checkpointOf(2)) > 100)
    expect(await killed.kill()).toBe('SIGKILL')
    expect(await checkpointOf(2)).toBeLessThan(BEFORE)
    expect(killed.told()).toMatchObject({ failed: [], wrong: [], last: { version: 1 } })

    await until('both see the swap', () => [old, next].every(({ told }) => told().live === 2), 60_000)
    const since = { old: old.told().reads, next: next.told().reads }
    await until('both serve on', () => old.told().reads > since.old + 20 && next.told().reads > since.next + 20)
    expect(next.told()).toMatchObject({ failed: [], wrong: [], last: { version: 2 } })
    // It has the code of the old tables alone, and keeps them up.
    expect(old.told()).toMatchObject({ failed: [], wrong: [], notReady: 0, last: { version: 1 } })

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
