import { testDatabase } from '@writ/build-tools'
import pg from 'pg'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../test/test-store.js'

closeAfterAll()
/** Somebody who holds a lock of the store in an open transaction. */
async function holding(schema: string, statement: string): Promise<{ pid: number; letGo(): Promise<void> }> {
  const client = await adminClient()
  await client.query('begin')
  await client.query(statement.replaceAll('SCHEMA', schema))
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return { pid: rows[0]!.pid, letGo: async () => void (await client.query('rollback')) }
}

const appendLock = `select pg_advisory_xact_lock(1466066292, 'SCHEMA'::regnamespace::oid::integer)`

function userPool(): pg.Pool {
  const pool = new pg.Pool({ connectionString: testDatabase().connectionString, max: 3 })
  willClose({ stop: () => pool.end() })
  return pool
}

describe.each([
  ['its own connections', () => ({})],
  ["a user's pool", () => ({ pool: userPool() })],
] as const)('An append on %s', (_, source) => {
  it.each([
    ['append lock', appendLock],
    ['table events', 'lock table SCHEMA.events in exclusive mode'],
  ])('waits no longer than lockTimeout for the %s, and names it and its holder', async (lock, statement) => {
    const { schema } = testDatabase()
    const store = await openStore({ ...source(), schema, lockTimeout: 100, retryFor: 0 })
    const { pid, letGo } = await holding(schema, statement)
    const append = { stream: 's', events: [newEvent()] }
    await expect(store.append(append)).rejects.toMatchObject({
      code: 'store-unavailable',
      mayBeCommitted: false,
      cause: {
        code: 'lock-timeout',
        schema,
        lockTimeout: 100,
        holders: [{ pid, lock }],
        message: expect.stringContaining(`${pid}`),
      },
    })
    await letGo()
    expect(await store.append(append)).toEqual({ version: 1, position: 1 })
    expect(await readEverything(store)).toHaveLength(1)
  })

  it('tries again, and is stored once when the lock is free', async () => {
    const { schema } = testDatabase()
    const store = await openStore({ ...source(), schema, lockTimeout: 50, retryFor: 10_000 })
    const { letGo } = await holding(schema, appendLock)
    const appended = Promise.all(times(20, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    await new Promise((resolve) => setTimeout(resolve, 300))
    await letGo()
    expect(await appended).toHaveLength(20)
    expect(await readEverything(store)).toHaveLength(20)
  })
})

describe("A user's pool", () => {
  it("keeps its sessions' settings: a limit of the store's ends with its transaction", async () => {
    const pool = userPool()
    const store = await openStore({ pool, lockTimeout: 77 })
    await store.append({ stream: 's', events: [newEvent()] })
    await store.checkpoints.register({ name: 'sub', startAfter: 0 })
    const acquired = await store.checkpoints.acquire({ subscription: 'sub', partition: 0 }, 'me', 60_000)
    if (!acquired.acquired) throw new Error('not acquired')
    const inside: unknown[] = []
    await store.checkpoints.advanceWith(acquired.lease, 1, async ({ sql }) => void inside.push(...(await sql`show lock_timeout`)))
    expect(inside).toEqual([{ lock_timeout: '77ms' }])
    expect((await pool.query('show lock_timeout')).rows).toEqual([{ lock_timeout: '0' }])
    expect((await pool.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: 'on' }])
  })
})
