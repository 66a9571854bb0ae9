import { testDatabase } from '@writ/build-tools'
import type pg from 'pg'
import { countingPool } from '../../test/counting-pool.js'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times } from '../../test/test-store.js'

closeAfterAll()

/** Runs a statement and tells whether its transaction wrote anything: only then does it get an id. */
async function writes(client: pg.Client, statement: string): Promise<boolean> {
  await client.query('begin')
  await client.query(statement)
  const { rows } = await client.query('select pg_current_xact_id_if_assigned() is not null as wrote')
  await client.query('rollback')
  return rows[0].wrote
}

describe('The durable reader', () => {
  it('writes nothing when there is nothing new', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const client = await adminClient()
    expect(await writes(client, `select * from ${schema}.read_log(0, 1000, 1000, false, true)`)).toBe(false)
    await store.append({ stream: 's', events: [newEvent()] })
    expect(await writes(client, `select * from ${schema}.read_log(1, 1000, 1000, false, true)`)).toBe(false)
  })

  it('makes sure of the flush when it gives out what is visible and may not be flushed', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    await store.append({ stream: 's', events: [newEvent()] })
    const [writer, reader] = [await adminClient(), await adminClient()]
    await writer.query('create temporary table unrelated (number int); set synchronous_commit = off')
    const seen: boolean[] = []
    for (let tries = 0; tries < 200 && !seen.includes(true); tries++) {
      // Its commit is not flushed yet when the reader looks, unless the WAL writer was faster.
      await writer.query(`insert into ${schema}.snapshots values ('s${tries}', 1, 1, 1, '{}')`)
      seen.push(await writes(reader, `select * from ${schema}.read_log(0, 1000, 1000, false, true)`))
    }
    expect(seen).toContain(true)
    expect(await writes(reader, `select * from ${schema}.read_log(0, 1000, 1000, false, false)`)).toBe(false)
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
    const [writer, reader] = [await adminClient(), await adminClient()]
    await writer.query('create temporary table unrelated (number int); set synchronous_commit = off')
    const read = (flushed: number | null) =>
      writes(reader, `select * from ${schema}.read_matching('x', '', null, null, 0, 1000, 10, false, ${flushed})`)
    const seen: boolean[] = []
    for (let tries = 0; tries < 200 && !seen.includes(true); tries++) {
      await writer.query(`insert into ${schema}.snapshots values ('s${tries}', 1, 1, 1, '{}')`)
      expect(await read(1)).toBe(false)
      expect(await read(null)).toBe(false)
      seen.push(await read(0))
    }
    expect(seen).toContain(true)
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
