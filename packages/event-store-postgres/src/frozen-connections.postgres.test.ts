import { testDatabase, until } from '@writ/build-tools'
import type { Logger } from '@writ/event-store'
import pg from 'pg'
import { proxyTo } from '../test/proxy.js'
import {
  adminClient,
  closeAfterAll,
  newEvent,
  openStore,
  readEverything,
  times,
  untilIdle,
  willClose,
} from '../test/test-store.js'

closeAfterAll()

// Long enough for a busy machine to connect in, short enough to be waited for.
const STATEMENT_TIMEOUT = 1_000

/** A store behind a proxy, on one connection of a user's pool, so that its server process can be told. */
async function behindProxy({ max = 1, retryFor = 0, statementTimeout = STATEMENT_TIMEOUT } = {}) {
  const { connectionString, schema } = testDatabase()
  const proxy = await proxyTo(connectionString)
  const applicationName = `frozen_${schema}`.slice(0, 63)
  const settings = { max, connectionTimeoutMillis: 20_000, application_name: applicationName }
  const pool = new pg.Pool({ ...settings, connectionString: proxy.connectionString })
  willClose({ stop: () => pool.end() })
  const warnings: string[] = []
  const warn = (_: object, message: string) => void warnings.push(message)
  const logger: Logger = { debug: () => {}, info: () => {}, warn, error: warn }
  const store = await openStore({ pool, schema, statementTimeout, retryFor, logger })
  const admin = await adminClient()
  const sessions = async () =>
    (
      await admin.query<{ pid: number; state: string }>('select pid, state from pg_stat_activity where application_name = $1', [
        applicationName,
      ])
    ).rows
  return { store, pool, proxy, warnings, admin, schema, connectionString, sessions }
}

type Behind = Awaited<ReturnType<typeof behindProxy>>

const serverProcess = async (pool: pg.Pool) => (await pool.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid

/** Whether the pool is whole again: all idle, no transaction left open, and the frozen server process gone from it. */
async function hasRecovered({ pool, sessions }: Behind, frozen: number): Promise<void> {
  await until('the frozen session is gone', async () => !(await sessions()).some(({ pid }) => pid === frozen))
  expect(await serverProcess(pool)).not.toBe(frozen)
  expect((await sessions()).filter(({ state }) => state?.startsWith('idle in transaction'))).toEqual([])
  await untilIdle(pool)
}

describe('A connection whose other end has vanished is given up by the deadline, and never used again', () => {
  it('by an append, which may have been stored and is stored once', async () => {
    const behind = await behindProxy()
    const { store, pool, proxy } = behind
    const frozen = await serverProcess(pool)
    proxy.freeze()
    const append = { stream: 's', events: [newEvent()] }
    const begin = performance.now()
    await expect(store.append(append)).rejects.toMatchObject({ code: 'store-unavailable', mayBeCommitted: true })
    expect(performance.now() - begin).toBeLessThan(STATEMENT_TIMEOUT * 20)
    proxy.thaw()
    expect(await store.append(append)).toEqual({ version: 1, position: 1 })
    await hasRecovered(behind, frozen)
  })

  it('by a read', async () => {
    const behind = await behindProxy()
    const { store, pool, proxy } = behind
    await store.append({ stream: 's', events: [newEvent()] })
    const frozen = await serverProcess(pool)
    proxy.freeze()
    await expect(readEverything(store)).rejects.toMatchObject({ code: 'store-unavailable', mayBeCommitted: false })
    proxy.thaw()
    expect(await readEverything(store)).toHaveLength(1)
    await hasRecovered(behind, frozen)
  })

  it('by a checkpoint with its effect: neither is there, and the lease still holds', async () => {
    const behind = await behindProxy()
    const { store, pool, proxy, admin, schema } = behind
    await admin.query(`create table ${schema}.effects (number int)`)
    await store.checkpoints.register({ name: 'sub', startAfter: 0 })
    const acquired = await store.checkpoints.acquire({ subscription: 'sub', partition: 0 }, 'me', 60_000)
    if (!acquired.acquired) throw new Error('not acquired')
    const { lease } = acquired
    const frozen = await serverProcess(pool)
    const advance = (freezes: boolean) =>
      store.checkpoints.advanceWith(lease, 5, async ({ sql }) => {
        await sql`insert into ${sql.identifier(schema, 'effects')} values (1)`
        if (freezes) proxy.freeze()
        await sql`select 1`
      })
    await expect(advance(true)).rejects.toMatchObject({ code: 'store-unavailable', mayBeCommitted: false })
    proxy.thaw()
    expect((await admin.query(`select * from ${schema}.effects`)).rows).toEqual([])
    await until('it works again', () =>
      advance(false).then(
        () => true,
        () => false,
      ),
    )
    expect((await admin.query(`select * from ${schema}.effects`)).rows).toEqual([{ number: 1 }])
    expect(await store.checkpoints.list('sub')).toMatchObject([{ checkpoint: 5, owner: 'me', epoch: 1 }])
    await hasRecovered(behind, frozen)
  })

  it('by the listener, which notices the silence and hears again', async () => {
    const { store, proxy, warnings, schema, connectionString } = await behindProxy()
    const other = await openStore({ connectionString, schema })
    let woken = 0
    store.onAppended(() => woken++)
    const hears = async () => {
      const before = woken
      await other.append({ stream: 's', events: [newEvent()] })
      return woken > before
    }
    await until('it hears', hears)
    proxy.freeze()
    await until('it notices', async () => warnings.some((message) => message.startsWith('Listening for appends was interrupted')))
    proxy.thaw()
    await until('it hears again', hears)
  })
})

describe('A reply that is lost', () => {
  it('leaves no doubt: the append is sent again with its ids, and answers as the first time', async () => {
    const behind = await behindProxy({ retryFor: 10_000, statementTimeout: 10_000 })
    const { store, pool, proxy, admin, schema } = behind
    const frozen = await serverProcess(pool)
    proxy.freeze()
    const receipts = [{ commandId: 'c', eventsUpTo: 1, body: '{}' }]
    const appended = Promise.all([
      store.append({ stream: 'a', events: [newEvent()], expectedVersion: 0 }),
      store.append({ stream: 'b', events: times(3, () => newEvent()) }),
      store.append({ stream: 'c', events: [newEvent()], receipts }),
    ])
    const stored = async () => (await admin.query(`select count(*)::int as stored from ${schema}.events`)).rows[0].stored
    await until('all is stored', async () => (await stored()) === 5)
    proxy.cut()
    proxy.thaw()
    expect(await appended).toEqual([
      { version: 1, position: 1 },
      { version: 3, position: 4 },
      { version: 1, position: 5 },
    ])
    expect(await stored()).toBe(5)
    await hasRecovered(behind, frozen)
  })
})

describe('A session that the server ends', () => {
  it.each([
    ['idle', 'state = $2', 'idle'],
    ['listening', 'query = $2', 'listen "writ:SCHEMA"'],
    ['in a transaction', 'state = $2', 'idle in transaction'],
  ])('while it is %s, costs nothing but itself', async (_, condition, value) => {
    const behind = await behindProxy({ max: 3, retryFor: 10_000, statementTimeout: 10_000 })
    const { store, pool, admin, schema } = behind
    await Promise.all(times(20, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    await store.checkpoints.register({ name: 'sub', startAfter: 0 })
    const acquired = await store.checkpoints.acquire({ subscription: 'sub', partition: 0 }, 'me', 60_000)
    if (!acquired.acquired) throw new Error('not acquired')
    const kill = async () =>
      (
        await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and ${condition}`, [
          `frozen_${schema}`.slice(0, 63),
          value.replaceAll('SCHEMA', schema),
        ])
      ).rowCount
    const killed = store.checkpoints.advanceWith(acquired.lease, 1, async ({ sql }) => {
      await until('there is one to end', async () => (await kill()) !== 0)
      await sql`select 1`
    })
    const outcome = await killed.then(
      () => 'done',
      (error: { code: string }) => error.code,
    )
    expect(outcome).toBe(value === 'idle in transaction' ? 'store-unavailable' : 'done')
    const appended = await Promise.all(times(20, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    expect(appended.map(({ version }) => version)).toEqual(times(20, () => 2))
    expect(await readEverything(store)).toHaveLength(40)
    await hasRecovered(behind, 0)
    expect(pool.listenerCount('error')).toBe(1)
  })
})
