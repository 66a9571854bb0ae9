import { testDatabase } from '@writ/build-tools'
import type pg from 'pg'
import { countingPool } from '../../test/counting-pool.js'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times } from '../../test/test-store.js'

closeAfterAll()

/** Runs a statement and tells whether it made sure of the flush. */
async function flushes(client: pg.Client, schema: string, statement: string): Promise<boolean> {
  await client.query(`begin;
    alter function ${schema}.flush() rename to flush_itself;
    create function ${schema}.flush() returns void language sql as $$
      select set_config('test.flushes', 'yes', true); select ${schema}.flush_itself() $$`)
  await client.query(statement)
  const { rows } = await client.query(`select current_setting('test.flushes', true) = 'yes' as flushes`)
  await client.query('rollback')
  return rows[0].flushes ?? false
}

describe('The durable reader', () => {
  it('writes nothing when there is nothing new', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const client = await adminClient()
    expect(await flushes(client, schema, `select * from ${schema}.read_log(0, 1000, 1000, false, true)`)).toBe(false)
    await store.append({ stream: 's', events: [newEvent()] })
    expect(await flushes(client, schema, `select * from ${schema}.read_log(1, 1000, 1000, false, true)`)).toBe(false)
  })

  it('makes sure of the flush when it gives out what is visible and may not be flushed', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    await store.append({ stream: 's', events: [newEvent()] })
    const reader = await adminClient()
    expect(await flushes(reader, schema, `select * from ${schema}.read_log(0, 1000, 1000, false, true)`)).toBe(true)
    expect(await flushes(reader, schema, `select * from ${schema}.read_log(0, 1000, 1000, false, false)`)).toBe(false)
  })

  it('has flushed what was visible when it answers', async () => {
    const { connectionString, schema } = testDatabase()
    await openStore({ connectionString, schema })
    const [writer, reader] = [await adminClient(), await adminClient()]
    await writer.query('set synchronous_commit = off')
    for (let tries = 0; tries < 20; tries++) {
      const { rows: written } = await writer.query(
        `insert into ${schema}.snapshots values ('s${tries}', 1, 1, 1, '{}') returning pg_current_wal_insert_lsn() as place`,
      )
      await reader.query(`select ${schema}.flush()`)
      const { rows } = await reader.query('select pg_current_wal_flush_lsn() >= $1::pg_lsn as flushed', [written[0].place])
      expect(rows[0].flushed).toBe(true)
    }
  })

  it('needs one round trip a page, and no barrier for what this process knows to be durable', async () => {
    const { connectionString, schema } = testDatabase()
    const { pool, texts } = countingPool({ connectionString, max: 3 })
    const store = await openStore({ pool, schema })
    await store.append({ stream: 's', events: times(2_500, () => newEvent()) })
    texts.length = 0
    const sizes = []
    for await (const page of store.readAll()) sizes.push(page.length)
    expect(sizes).toEqual([100, 1_000, 1_000, 400])
    expect(texts).toHaveLength(4)
  })

  it('finds what matches a query and makes sure of the flush in one round trip', async () => {
    const { connectionString, schema } = testDatabase()
    const other = await openStore({ connectionString, schema })
    const { pool, texts } = countingPool({ connectionString, max: 3 })
    const store = await openStore({ pool, schema })
    await other.append({ stream: 's', events: [newEvent({ tags: ['x'] })] })
    texts.length = 0
    const pages = []
    for await (const page of store.readAll({ query: { items: [{ tags: ['x'] }] } })) pages.push(page)
    expect([pages.flat().length, texts.length]).toEqual([1, 1])
  })

  it('asks for the flush of what a query finds beyond the position that is known to be flushed', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    await store.append({ stream: 's', events: [newEvent({ tags: ['x'] })] })
    const reader = await adminClient()
    const read = (flushed: number | null) =>
      flushes(reader, schema, `select * from ${schema}.read_matching('x', '', null, null, 0, 1000, 10, false, ${flushed})`)
    expect([await read(1), await read(null), await read(0)]).toEqual([false, false, true])
  })

  it('holds no connection between pages', async () => {
    const { connectionString, schema } = testDatabase()
    const { pool } = countingPool({ connectionString, max: 1 })
    const store = await openStore({ pool, schema })
    await store.append({ stream: 's', events: times(30, () => newEvent()) })
    for await (const page of store.readAll({ pageSize: 10 })) {
      expect(page).toHaveLength(10)
      expect(await readEverything(store)).toHaveLength(30)
    }
  })
})
