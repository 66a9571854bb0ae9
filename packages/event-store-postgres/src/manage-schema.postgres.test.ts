import { testDatabase } from '@writ/build-tools'
import pg from 'pg'
import { newRole } from '../test/roles.js'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, willClose } from '../test/test-store.js'
import { dropPostgresEventStore, migratePostgresEventStore } from './manage-schema.js'
import { postgresEventStore } from './postgres-event-store.js'
import { rights } from './schema/grants.js'
import { NEWEST_VERSION } from './schema/migrations.js'
import { ownObjects } from './schema/own-objects.js'
import { quoteIdentifier, schemaName } from './schema/schema-name.js'

closeAfterAll()
async function clientOf(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  willClose({ stop: () => client.end() })
  return client
}

describe('A role that migrates and a role that runs', () => {
  async function separated() {
    const { connectionString, schema } = testDatabase()
    const runner = await newRole()
    expect(await migratePostgresEventStore({ connectionString, schema, grantTo: runner.role })).toEqual({
      from: 0,
      to: NEWEST_VERSION,
    })
    return { connectionString, schema, runner }
  }

  it('are enough for everything that a running store does', async () => {
    const { connectionString, schema, runner } = await separated()
    const store = await openStore({ connectionString: runner.connectionString, schema, migrate: false })
    const other = await openStore({ connectionString: runner.connectionString, schema })
    const receipts = [{ commandId: 'c', eventsUpTo: 1, body: '{}' }]
    await store.append({ stream: 's', events: [newEvent({ tags: ['x'] })], receipts })
    await store.append({ stream: 's', events: [newEvent()], expectedVersion: 1 })
    expect(await readEverything(other)).toHaveLength(2)
    expect(await other.receipts.find('c')).toMatchObject({ position: 1 })
    expect(await other.receipts.deleteOlderThan(0)).toBe(1)
    await store.snapshots.save({ stream: 's', schemaVersion: 1, version: 2, position: 2, state: '{}' })
    await store.snapshots.save({ stream: 's', schemaVersion: 1, version: 3, position: 3, state: '{}' })
    await store.snapshots.delete('s')
    await store.checkpoints.register({ name: 'sub', startAfter: 0 })
    const acquired = await store.checkpoints.acquire({ subscription: 'sub', partition: 0 }, 'me', 60_000)
    if (!acquired.acquired) throw new Error('not acquired')
    await store.checkpoints.advanceWith(acquired.lease, 2, async ({ sql }) => void (await sql`select 1`))
    const parked = { sequence: 's', position: 1, part: 0, type: 't', stream: 's' }
    await store.checkpoints.advance(acquired.lease, 2, { park: [parked] })
    await store.parked.edit('sub', parked, '{}')
    expect(await store.parked.decide('sub', 'retry')).toBe(1)
    await store.checkpoints.advance(acquired.lease, 2, { unpark: [parked] })
    const heartbeat = { owner: 'me', subscriptions: ['sub'], leases: [acquired.lease], leaseMilliseconds: 60_000 }
    expect((await store.checkpoints.heartbeat(heartbeat)).lost).toEqual([])
    await store.checkpoints.release(acquired.lease)
    await store.checkpoints.register({ name: 'sub', startAfter: 0, partitions: 3 })
    expect((await store.checkpoints.heartbeat(heartbeat)).subscriptions).toMatchObject([{ partitions: 3 }])
    await store.checkpoints.pause('sub')
    await store.checkpoints.reset('sub', 0)
    await store.checkpoints.leave('me')
    await store.checkpoints.delete('sub')
    await store.projections.swap('p', { from: undefined, to: 1 })
    await store.projections.swap('p', { from: 1, to: 2 })
    expect(await store.projections.read(({ liveVersion }) => liveVersion('p'))).toBe(2)
    await store.appendAll(['a', 'b'].map((stream) => ({ stream, events: [newEvent(), newEvent()] })))
    await store.transaction(async ({ append }) => void append({ stream: 'c', events: [newEvent()] }))
    await store.streams.truncate('a', { before: 2 })
    await store.streams.delete('b')
    expect(await store.streams.info('b')).toMatchObject({ deletion: { hard: false } })
    const client = await clientOf(runner.connectionString)
    await client.query('begin')
    await store.stage(client, { stream: 'c', events: [newEvent()], expectedVersion: 1 })
    await client.query('commit')
    // Granting again, as each deployment does, changes nothing for those that run.
    expect(await migratePostgresEventStore({ connectionString, schema, grantTo: runner.role })).toEqual({
      from: NEWEST_VERSION,
      to: NEWEST_VERSION,
    })
    await store.append({ stream: 's', events: [newEvent()], expectedVersion: 2 })
  })

  it('leave the running one no right to change the schema, or what is written', async () => {
    const { connectionString, schema, runner } = await separated()
    const store = await openStore({ connectionString: runner.connectionString, schema, migrate: false })
    await store.append({ stream: 's', events: [newEvent({ tags: ['x'] })] })
    const client = await clientOf(runner.connectionString)
    for (const statement of [
      'create table SCHEMA.mine (number int)',
      'alter table SCHEMA.events add mine int',
      'alter table SCHEMA.events disable trigger all',
      'drop table SCHEMA.events',
      'drop function SCHEMA.flush()',
      'drop schema SCHEMA cascade',
      "update SCHEMA.events set data = '{}'",
      'delete from SCHEMA.events',
      'truncate SCHEMA.events',
      "update SCHEMA.tags set tag = 'y'",
      'delete from SCHEMA.tags',
      'truncate SCHEMA.tags',
      'update SCHEMA.store set incarnation = gen_random_uuid()',
      'update SCHEMA.receipts set position = 7',
      'delete from SCHEMA.schema_versions',
    ]) {
      const code = await client.query(statement.replaceAll('SCHEMA', schema)).then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
      expect([statement, code]).toEqual([statement, '42501'])
    }
    const admin = await adminClient()
    // Whoever had the right would still meet the trigger.
    await admin.query(`grant update on ${schema}.events to ${runner.role}`)
    await expect(client.query(`update ${schema}.events set data = '{}'`)).rejects.toMatchObject({ code: '23001' })
    // And a right too many goes with the next deployment.
    await migratePostgresEventStore({ connectionString, schema, grantTo: runner.role })
    await expect(client.query(`update ${schema}.events set data = '{}'`)).rejects.toMatchObject({ code: '42501' })
  })

  it('keep hard deletes from the running one, whatever its options say', async () => {
    const { connectionString, schema, runner } = await separated()
    const options = { schema, allowHardDelete: true }
    const store = willClose(postgresEventStore({ connectionString: runner.connectionString, ...options }))
    await expect(store.start()).rejects.toMatchObject({ code: 'hard-delete-not-allowed' })
    await openStore({ connectionString, ...options })
    await store.start()
    await store.append({ stream: 's', events: [newEvent()] })
    await expect(store.streams.delete('s', { hard: true })).rejects.toMatchObject({ code: 'hard-delete-not-allowed' })
    expect(await readEverything(store)).toHaveLength(1)
  })

  it('are told apart: neither a role that is not there nor one with all rights is taken to run', async () => {
    const { connectionString, schema } = testDatabase()
    const admin = await adminClient()
    const { rows } = await admin.query<{ me: string }>('select current_user as me')
    for (const grantTo of ['nobody_at_all', rows[0]!.me, '']) {
      await expect(migratePostgresEventStore({ connectionString, schema, grantTo })).rejects.toMatchObject({
        code: 'invalid-postgres-option',
        option: 'grantTo',
      })
    }
  })

  it('know the rights of every table that a migration makes', () => {
    expect([...ownObjects(schemaName('writ')).tables].sort()).toEqual(Object.keys(rights).sort())
  })
})

describe('A store that must not migrate', () => {
  it('refuses to start where there is no schema, and says what to run', async () => {
    const { connectionString, schema } = testDatabase()
    const store = willClose(postgresEventStore({ connectionString, schema, migrate: false }))
    await expect(store.start()).rejects.toMatchObject({
      code: 'schema-too-old',
      schema,
      found: 0,
      needed: NEWEST_VERSION,
      message: expect.stringContaining('migratePostgresEventStore'),
    })
    const admin = await adminClient()
    expect((await admin.query('select from pg_namespace where nspname = $1', [schema])).rows).toEqual([])
    await migratePostgresEventStore({ connectionString, schema })
    await store.start()
  })

  it('refuses to start on an older schema, and on a newer one', async () => {
    const { connectionString, schema } = testDatabase()
    await migratePostgresEventStore({ connectionString, schema })
    const admin = await adminClient()
    const store = willClose(postgresEventStore({ connectionString, schema, migrate: false }))
    await admin.query(`insert into ${schema}.schema_versions (version, name) values (999, 'from the future')`)
    await expect(store.start()).rejects.toMatchObject({ code: 'schema-too-new', found: 999, known: NEWEST_VERSION })
    await expect(migratePostgresEventStore({ connectionString, schema })).rejects.toMatchObject({ code: 'schema-too-new' })
    await admin.query(`delete from ${schema}.schema_versions where version >= $1`, [NEWEST_VERSION])
    await expect(store.start()).rejects.toMatchObject({ code: 'schema-too-old', found: NEWEST_VERSION - 1 })
  })
})

describe('Dropping a store', () => {
  it('takes everything of it away, and nothing of its neighbour', async () => {
    const [here, there] = [testDatabase(), testDatabase()]
    const neighbour = await openStore(there)
    await neighbour.append({ stream: 's', events: [newEvent()] })
    await (await openStore(here)).stop()
    const drop = () => dropPostgresEventStore({ ...here, confirm: here.schema })
    expect(await drop()).toBe(true)
    const admin = await adminClient()
    expect((await admin.query('select from pg_namespace where nspname = $1', [here.schema])).rows).toEqual([])
    expect(await readEverything(neighbour)).toHaveLength(1)
    expect(await drop()).toBe(false)
    expect(await readEverything(await openStore(here))).toEqual([])
  })

  it('is refused unless the schema is named again', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    await store.append({ stream: 's', events: [newEvent()] })
    await expect(dropPostgresEventStore({ connectionString, schema, confirm: 'yes' })).rejects.toMatchObject({
      code: 'invalid-postgres-option',
      option: 'confirm',
    })
    await expect(dropPostgresEventStore({ connectionString, confirm: schema })).rejects.toMatchObject({ option: 'confirm' })
    expect(await readEverything(store)).toHaveLength(1)
  })

  it.each([
    ['a table', 'create table SCHEMA.balances (account text)', 'balances'],
    ['a view', 'create view SCHEMA.recent as select * from SCHEMA.events', 'recent'],
    ['a function', "create function SCHEMA.answer() returns int language sql as 'select 42'", 'answer'],
    ['a type', "create type SCHEMA.colour as enum ('red')", 'colour'],
  ])('is refused where %s of others is in the schema, and names it', async (_, statement, name) => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const admin = await adminClient()
    await admin.query(statement.replaceAll('SCHEMA', schema))
    await expect(dropPostgresEventStore({ connectionString, schema, confirm: schema })).rejects.toMatchObject({
      code: 'schema-not-empty',
      foreign: [name],
    })
    expect(await readEverything(store)).toEqual([])
  })

  it('is refused where a view elsewhere reads the store', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const admin = await adminClient()
    const view = quoteIdentifier(`${schema}_view`)
    await admin.query(`create view ${view} as select * from ${schema}.events`)
    await expect(dropPostgresEventStore({ connectionString, schema, confirm: schema })).rejects.toMatchObject({
      code: 'postgres-refused',
      sqlState: '2BP01',
    })
    expect(await readEverything(store)).toEqual([])
    await admin.query(`drop view ${view}`)
  })
})

describe('A start that PostgreSQL refuses', () => {
  const startAt = async (change: (url: URL) => void, schema: string) => {
    const url = new URL(testDatabase().connectionString)
    change(url)
    const store = postgresEventStore({ connectionString: url.href, schema })
    await expect(store.start()).rejects.toMatchObject({ code: 'postgres-refused' })
    return store.start().catch(({ message }: Error) => message)
  }

  it('says why, and what to do', async () => {
    const { schema } = testDatabase()
    const runner = await newRole()
    const as = (username: string, password: string) => (url: URL) => Object.assign(url, { username, password })
    expect(await startAt(as('nobody-at-all', 'x'), schema)).toMatch(/to start: .*nobody-at-all.*\(SQLSTATE 28.*correct the user/)
    expect(await startAt((url) => Object.assign(url, { pathname: '/nowhere' }), schema)).toMatch(
      /to start: database "nowhere" does not exist \(SQLSTATE 3D000\).*make the database/,
    )
    expect(await startAt((url) => Object.assign(url, { href: runner.connectionString }), schema)).toMatch(
      /permission denied for database .*\(SQLSTATE 42501\).*grantTo/,
    )
  })
})
