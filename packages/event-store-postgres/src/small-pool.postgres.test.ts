import { testDatabase } from '@writ/build-tools'
import pg from 'pg'
import { closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../test/test-store.js'
import { postgresEventStore } from './postgres-event-store.js'

closeAfterAll()
describe.each([1, 2])("A user's pool of %i connections", (max) => {
  it('carries 100 appends, reads and checkpoints at once, and is idle and open afterwards', async () => {
    const { connectionString, schema } = testDatabase()
    const pool = new pg.Pool({ connectionString, max })
    willClose({ stop: () => pool.end() })
    const store = await openStore({ pool, schema })
    await store.checkpoints.register({ name: 'sub', startAfter: 0 })
    const acquired = await store.checkpoints.acquire({ subscription: 'sub', partition: 0 }, 'me', 60_000)
    if (!acquired.acquired) throw new Error('not acquired')
    const work = times(100, async (index) => {
      await store.append({ stream: `s-${index}`, events: [newEvent()] })
      await readEverything(store)
      await store.checkpoints.advanceWith(acquired.lease, 0, async ({ sql }) => void (await sql`select ${index}::int`))
    })
    await Promise.all(work)
    expect(await readEverything(store)).toHaveLength(100)
    await store.stop()
    expect({ idle: pool.idleCount, total: pool.totalCount, waiting: pool.waitingCount }).toEqual({
      idle: max,
      total: max,
      waiting: 0,
    })
    expect((await pool.query('select 1 as still_open')).rows).toEqual([{ still_open: 1 }])
    expect(pool.listenerCount('error')).toBe(0)
  })

  it('gives up waiting for a connection that its user keeps, and takes none when one comes after all', async () => {
    const { connectionString, schema } = testDatabase()
    const pool = new pg.Pool({ connectionString, max })
    willClose({ stop: () => pool.end() })
    const store = willClose(postgresEventStore({ pool, schema, statementTimeout: 1_000, retryFor: 0 }))
    await store.start()
    const kept = await Promise.all(times(max, () => pool.connect()))
    await expect(store.append({ stream: 's', events: [newEvent()] })).rejects.toMatchObject({
      code: 'store-unavailable',
      mayBeCommitted: false,
    })
    await expect(store.head()).rejects.toMatchObject({ code: 'store-unavailable' })
    for (const client of kept) client.release()
    expect(await store.append({ stream: 's', events: [newEvent()] })).toEqual({ version: 1, position: 1 })
    expect(pool.waitingCount).toBe(0)
  })
})
