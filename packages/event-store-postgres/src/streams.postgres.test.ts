import { testDatabase } from '@writ/build-tools'
import type { EventStore } from '@writ/event-store'
import pg from 'pg'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../test/test-store.js'
import { postgresEventStore } from './postgres-event-store.js'

closeAfterAll()

const LOG_LOCK = (schema: string) => `select pg_advisory_xact_lock(1466066292, '${schema}'::regnamespace::oid::integer)`

async function storeOf(stream: string, count: number, options: { allowHardDelete?: boolean } = {}) {
  const { connectionString, schema } = testDatabase()
  const store = await openStore({ connectionString, schema, ...options })
  await store.append({ stream, events: times(count, () => newEvent({ tags: ['x', 'y'] })) })
  return { store, schema, connectionString }
}

/** Waits until so many sessions wait for a lock of this schema's store: for the log's, or for a row's. */
async function untilWaiting(admin: pg.Client, sessions: number, like: string): Promise<void> {
  for (;;) {
    const { rows } = await admin.query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock' and query like $1`,
      [like],
    )
    if (rows[0]!.waiting >= sessions) return
  }
}

describe('What is written', () => {
  const forged = (schema: string) => `select set_config('writ.erasing', '${schema} ' || pg_current_xact_id(), true)`

  it.each(['delete from SCHEMA.events', 'delete from SCHEMA.tags'])(
    'stays where no store was allowed to take events out, whatever a session says: %s',
    async (statement) => {
      const { store, schema } = await storeOf('s', 3)
      const admin = await adminClient()
      await admin.query('begin')
      await admin.query(forged(schema))
      await expect(admin.query(statement.replaceAll('SCHEMA', schema))).rejects.toMatchObject({ code: '23001' })
      await admin.query('rollback')
      expect(await readEverything(store)).toHaveLength(3)
    },
  )

  it.each([
    'update SCHEMA.events set data = \'{"forged":true}\'',
    'delete from SCHEMA.events',
    'delete from SCHEMA.tags',
    'truncate SCHEMA.events',
    "set writ.erasing = 'SCHEMA 1'; delete from SCHEMA.events",
    "set writ.erasing = 'SCHEMA '; delete from SCHEMA.events",
  ])('stays where one was, for all that do not go by way of the store: %s', async (statement) => {
    const { store, schema } = await storeOf('s', 3, { allowHardDelete: true })
    const admin = await adminClient()
    await expect(admin.query(statement.replaceAll('SCHEMA', schema))).rejects.toMatchObject({ code: '23001' })
    expect(await readEverything(store)).toHaveLength(3)
  })

  it('is closed again behind a store that has taken events out', async () => {
    const { store, schema } = await storeOf('s', 3, { allowHardDelete: true })
    await store.append({ stream: 't', events: [newEvent()] })
    await store.streams.delete('s', { hard: true })
    const admin = await adminClient()
    await expect(admin.query(`delete from ${schema}.events`)).rejects.toMatchObject({ code: '23001' })
    const { rows } = await admin.query(`select stream from ${schema}.events where version < 2147483647
      union all select tag from ${schema}.tags`)
    expect(rows).toEqual([{ stream: 't' }])
  })

  it('is not taken out by the functions of the database alone', async () => {
    const { store, schema } = await storeOf('s', 3)
    const admin = await adminClient()
    await expect(admin.query(`select ${schema}.erase('s', 3)`)).rejects.toMatchObject({ code: 'WR001' })
    expect(await readEverything(store)).toHaveLength(3)
  })
})

describe('A store that may take events out', () => {
  it('says so when the permission was taken back in the database', async () => {
    const { store, schema } = await storeOf('s', 3, { allowHardDelete: true })
    const admin = await adminClient()
    await admin.query(`update ${schema}.store set hard_deletes = false`)
    for (const attempt of [
      () => store.streams.delete('s', { hard: true }),
      () => store.streams.truncate('s', { before: 2, hard: true }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'hard-delete-not-allowed', adapter: 'postgres', stream: 's' })
    }
    expect(await readEverything(store)).toHaveLength(3)
    await expect(store.append({ stream: 's', events: [newEvent()], expectedVersion: 3 })).resolves.toMatchObject({ version: 4 })
  })

  it('says so when its role may not delete rows, and still ends streams', async () => {
    const { store, schema, connectionString } = await storeOf('s', 3, { allowHardDelete: true })
    const admin = await adminClient()
    const role = `${schema}_runner`
    await admin.query(`create role "${role}"`)
    try {
      await admin.query(`grant usage on schema ${schema} to "${role}"`)
      await admin.query(`grant select, insert, update on all tables in schema ${schema} to "${role}"`)
      const pool = new pg.Pool({ connectionString, options: `-c role=${role}` })
      willClose({ stop: () => pool.end() })
      const running = willClose(postgresEventStore({ pool, schema, allowHardDelete: true }))
      await running.start()
      await expect(running.streams.delete('s', { hard: true })).rejects.toMatchObject({ code: 'hard-delete-not-allowed' })
      expect(await readEverything(store)).toHaveLength(3)
      await running.streams.truncate('s', { before: 2 })
      await running.streams.delete('s')
      await running.stop()
    } finally {
      await admin.query(`drop owned by "${role}"`)
      await admin.query(`drop role "${role}"`)
    }
  })

  it('lets other streams be appended to while it takes a long one out', async () => {
    const { store, schema } = await storeOf('long', 2_000, { allowHardDelete: true })
    const admin = await adminClient()
    await admin.query('begin')
    await admin.query(`select from ${schema}.events where stream = 'long' and version = 1000 for update`)
    const deleted = store.streams.delete('long', { hard: true })
    await untilWaiting(await adminClient(), 1, `%${schema}"%delete_stream%`)
    await Promise.all(times(50, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    await admin.query('rollback')
    await expect(deleted).resolves.toMatchObject({ version: 2_000, position: 2_051 })
    expect(await readEverything(store)).toHaveLength(50)
  })

  it.each<[string, 'any' | 3, object]>([
    ['takes out what came while it waited', 'any', { status: 'fulfilled', value: { version: 4 } }],
    ['takes nothing out of a stream that has moved while it waited', 3, { status: 'rejected', reason: { actualVersion: 4 } }],
  ])('%s', async (_, expectedVersion, outcome) => {
    const { store, schema } = await storeOf('s', 3, { allowHardDelete: true })
    const [holder, watcher] = [await adminClient(), await adminClient()]
    await holder.query('begin')
    await holder.query(LOG_LOCK(schema))
    const appended = store.append({ stream: 's', events: [newEvent({ tags: ['x'] })], expectedVersion: 3 })
    await untilWaiting(watcher, 1, `%${schema}"%append_batch%`)
    const deleted = Promise.allSettled([store.streams.delete('s', { hard: true, expectedVersion })])
    await untilWaiting(watcher, 1, `%${schema}"%delete_stream%`)
    await holder.query('rollback')
    await expect(appended).resolves.toMatchObject({ version: 4 })
    const [result] = await deleted
    expect(result).toMatchObject(outcome)
    expect(await readEverything(store)).toHaveLength(result!.status === 'fulfilled' ? 0 : 4)
  })

  it.each<[string, 'any' | 3, object]>([
    ['knows of what came between its steps', 'any', { status: 'fulfilled', value: { version: 4 } }],
    ['is refused because of what came between its steps', 3, { status: 'rejected', reason: { actualVersion: 4 } }],
  ])('%s', async (_, expectedVersion, outcome) => {
    const { store, schema } = await storeOf('s', 3, { allowHardDelete: true })
    const holder = await adminClient()
    await holder.query('begin')
    await holder.query(`select from ${schema}.tags for update`)
    const deleted = Promise.allSettled([store.streams.delete('s', { hard: true, expectedVersion })])
    await untilWaiting(await adminClient(), 1, `%${schema}"%delete_stream%`)
    await expect(store.append({ stream: 's', events: [newEvent()], expectedVersion: 3 })).resolves.toMatchObject({ version: 4 })
    await holder.query('rollback')
    const [result] = await deleted
    expect(result).toMatchObject(outcome)
    expect(await readEverything(store)).toHaveLength(result!.status === 'fulfilled' ? 0 : 4)
  })

  it('saves no snapshot that was on its way when the stream was taken out', async () => {
    const { store, schema } = await storeOf('s', 3, { allowHardDelete: true })
    const [holder, watcher] = [await adminClient(), await adminClient()]
    await holder.query('begin')
    await holder.query(`select pg_advisory_xact_lock_shared(1466066293, hashtext($1))`, [`"${schema}" s`])
    const deleted = store.streams.delete('s', { hard: true })
    await untilWaiting(watcher, 1, `%${schema}"%delete_stream%`)
    const saved = store.snapshots.save({ stream: 's', version: 3, position: 3, schemaVersion: 1, state: '"secret"' })
    await untilWaiting(watcher, 1, `%${schema}"%save_snapshot%`)
    await holder.query('rollback')
    await deleted
    await expect(saved).resolves.toBe(false)
    await expect(store.snapshots.load('s', 1)).resolves.toBeUndefined()
  })
})

describe('An append to a deleted stream', () => {
  it('is refused in a batch by itself: the others are stored', async () => {
    const { store, schema } = await storeOf('s', 3)
    await store.streams.delete('s')
    const holder = await adminClient()
    await holder.query('begin')
    await holder.query(LOG_LOCK(schema))
    const appends = Promise.allSettled(['t', 's', 'u'].map((stream) => store.append({ stream, events: [newEvent()] })))
    await untilWaiting(await adminClient(), 1, `%${schema}"%append%`)
    await holder.query('rollback')
    expect(await appends).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'stream-deleted', version: 3 } },
      { status: 'fulfilled' },
    ])
  })

  it('leaves a store of the same process as it was', async () => {
    const { store } = await storeOf('s', 1)
    const appendTo = (stream: string, one: EventStore) => one.append({ stream, events: [newEvent()] })
    await store.streams.delete('s')
    for (let turn = 0; turn < 5; turn++) {
      await expect(appendTo('s', store)).rejects.toMatchObject({ code: 'stream-deleted' })
      await expect(appendTo('t', store)).resolves.toMatchObject({ version: turn + 1 })
    }
  })
})
