import { testDatabase, until } from '@writ/build-tools'
import { type Logger, systemRuntime } from '@writ/event-store'
import pg from 'pg'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../../test/test-store.js'
import { Connections } from '../connections.js'
import { checkOptions } from '../options.js'
import { installedVersion } from './installed-version.js'
import { migrate } from './migrate.js'
import { type Migration, migrations as released } from './migrations.js'
import { schemaName } from './schema-name.js'

closeAfterAll()
const more: readonly Migration[] = [
  ...released,
  {
    version: released.length + 1,
    name: 'a column',
    sql: ({ quoted }) =>
      `alter table ${quoted}.events add column region text; alter table ${quoted}.snapshots alter column version type bigint`,
  },
  {
    version: released.length + 2,
    name: 'an index',
    sql: ({ quoted }) => `create index on ${quoted}.events (region) where region is not null`,
  },
]
const NEWEST = more.length

interface Logged {
  readonly facts: Record<string, unknown>
  readonly message: string
}

function listeningLogger(): { logger: Logger; logged: Logged[] } {
  const logged: Logged[] = []
  const log = (facts: object, message: string) => void logged.push({ facts: facts as Record<string, unknown>, message })
  return { logger: { debug: log, info: log, warn: log, error: log }, logged }
}

/** A migrator of its own, as another process would be one. */
function migrator({
  patience = 20_000,
  lockTimeout = 100,
  migrations = more,
  schema = testDatabase().schema,
  statementTimeout = 20_000,
} = {}) {
  const { logger, logged } = listeningLogger()
  const { connectionString } = testDatabase()
  const connections = new Connections(
    checkOptions({ connectionString, schema, poolSize: 1, statementTimeout, lockTimeout, logger }),
  )
  willClose(connections)
  const options = { schema: schemaName(schema), lockTimeout, runtime: systemRuntime, logger }
  return { schema, logged, connections, run: () => migrate(connections, options, { migrations, patience }) }
}

const versionOf = async (schema: string) => installedVersion(await adminClient(), schemaName(schema), NEWEST)
const messages = (logged: readonly Logged[]) => logged.map(({ message }) => message)

describe('Migrations', () => {
  it('change the tables under readers and writers of the older code, which go on', async () => {
    const { connectionString, schema } = testDatabase()
    const stores = await Promise.all(times(2, () => openStore({ connectionString, schema })))
    let isDone = false
    const acknowledged: string[] = []
    let pages = 0
    const append = async (writer: number) => {
      while (!isDone) {
        const event = newEvent({ tags: ['x'] })
        await stores[writer % 2]!.append({ stream: `s-${writer}`, events: [event] })
        acknowledged.push(event.id)
        await stores[writer % 2]!.snapshots.save({
          stream: `s-${writer}`,
          schemaVersion: 1,
          version: acknowledged.length,
          position: 1,
          state: '{}',
        })
        await stores[writer % 2]!.snapshots.load(`s-${writer}`, 1)
      }
    }
    const read = async (reader: number) => {
      while (!isDone) {
        for await (const page of stores[reader % 2]!.readAll({ limit: 500, direction: 'backwards' }))
          pages += page.length > 0 ? 1 : 0
        for await (const page of stores[reader % 2]!.readStream(`s-${reader}`, { limit: 50 })) pages += page.length > 0 ? 1 : 0
      }
    }
    const work = Promise.all([...times(10, append), ...times(4, read)])
    try {
      await until('everyone is at work', async () => acknowledged.length > 100 && pages > 100)
      const { run, logged } = migrator({ schema })
      expect(await run()).toEqual({ from: released.length, to: NEWEST })
      expect(logged.filter(({ message }) => message === 'Migrated the schema').map(({ facts }) => facts.migration)).toEqual([
        `${released.length + 1} of ${NEWEST}`,
        `${released.length + 2} of ${NEWEST}`,
      ])
      const [before, pagesBefore] = [acknowledged.length, pages]
      await until('everyone has gone on', async () => acknowledged.length > before + 100 && pages > pagesBefore + 100)
    } finally {
      isDone = true
    }
    await work
    const stored = (await readEverything(stores[0]!)).map(({ id }) => id)
    expect([...stored].sort()).toEqual([...acknowledged].sort())
  })

  it('wait for one who reads for long, while others get by, and say whom they wait for', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const holder = await adminClient()
    await holder.query(`begin; select * from ${schema}.events`)
    const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid')
    const { run, logged } = migrator({ schema })
    const migrated = run()
    await until(
      'it has tried three times',
      async () => messages(logged).filter((message) => message.startsWith('Waiting')).length >= 3,
    )
    expect(logged.find(({ message }) => message === 'Waiting for tables that are in use')!.facts).toMatchObject({
      migration: `${released.length + 1} of ${NEWEST}`,
      name: 'a column',
      holders: expect.arrayContaining([{ pid: rows[0]!.pid, lock: 'table events' }]),
    })
    await store.append({ stream: 's', events: [newEvent()] })
    expect(await versionOf(schema)).toBe(released.length)
    await holder.query('commit')
    expect(await migrated).toMatchObject({ to: NEWEST })
  })

  it('give up when their patience is over: the version before stays whole, and the error names who is in the way', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const holder = await adminClient()
    await holder.query(`begin; lock table ${schema}.events in access share mode`)
    const { run } = migrator({ schema, patience: 300 })
    await expect(run()).rejects.toMatchObject({
      code: 'migration-blocked',
      schema,
      version: released.length + 1,
      holders: [expect.objectContaining({ lock: 'table events' })],
    })
    await holder.query('commit')
    expect(await versionOf(schema)).toBe(released.length)
    await store.append({ stream: 's', events: [newEvent()] })
  })

  it('run once: a second migrator waits, for longer than its statements may take, and finds it done', async () => {
    const { connectionString, schema } = testDatabase()
    await openStore({ connectionString, schema })
    const slow: readonly Migration[] = [
      ...released,
      { ...more.at(-2)!, sql: (name) => `select pg_sleep(3.5); ${more.at(-2)!.sql(name)}` },
      more.at(-1)!,
    ]
    const first = migrator({ schema, migrations: slow, statementTimeout: 3_000 })
    const second = migrator({ schema, migrations: slow, statementTimeout: 3_000 })
    const outcomes = Promise.all([first.run(), second.run()])
    const waiting = () => [first, second].filter(({ logged }) => messages(logged).includes('Waiting for another migrator'))
    await until('one waits for the other', async () => waiting().length === 1)
    expect(waiting()[0]!.logged[0]!.facts.holders).toContainEqual(expect.objectContaining({ lock: "migrators' lock" }))
    expect(await outcomes).toEqual([
      { from: released.length, to: NEWEST },
      { from: released.length, to: NEWEST },
    ])
    const admin = await adminClient()
    const { rows } = await admin.query(`select version from ${schema}.schema_versions order by version`)
    expect(rows.map(({ version }) => version)).toEqual(times(NEWEST, (index) => index + 1))
  })

  it('leave the version before whole when their migrator is killed half-way, and the next one does all of it', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    await store.append({ stream: 's', events: [newEvent()] })
    const hanging: readonly Migration[] = [
      ...released,
      { ...more.at(-2)!, sql: (name) => `${more.at(-2)!.sql(name)}; select pg_sleep(600)` },
    ]
    const { run } = migrator({ schema, migrations: hanging })
    const failed = run().catch((error: unknown) => error)
    const admin = await adminClient()
    await until('it is half-way', async () => {
      const { rowCount } = await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and position($1 in query) > 0",
        [schema],
      )
      return rowCount === 1
    })
    expect(await failed).toMatchObject({ code: 'store-unavailable' })
    expect(await versionOf(schema)).toBe(released.length)
    expect((await admin.query(`select * from ${schema}.events limit 1`)).fields.map(({ name }) => name)).not.toContain('region')
    await store.append({ stream: 's', events: [newEvent()] })
    expect(await migrator({ schema }).run()).toEqual({ from: released.length, to: NEWEST })
    expect(await readEverything(store)).toHaveLength(2)
  })

  it('that fail change nothing, and come out as what PostgreSQL refused', async () => {
    const { connectionString, schema } = testDatabase()
    await openStore({ connectionString, schema })
    const broken = [
      ...released,
      {
        ...more.at(-2)!,
        sql: ({ quoted }: { quoted: string }) =>
          `${more.at(-2)!.sql(schemaName(schema))}; alter table ${quoted}.no_such add x int`,
      },
    ]
    await expect(migrator({ schema, migrations: broken }).run()).rejects.toMatchObject({
      code: 'postgres-refused',
      sqlState: '42P01',
    })
    expect(await versionOf(schema)).toBe(released.length)
  })
})

describe('A connection whose prepared statements are stale', () => {
  it('is replaced without its reader noticing, on every connection of the pool', async () => {
    const { connectionString, schema } = testDatabase()
    const pool = new pg.Pool({ connectionString, max: 4 })
    willClose({ stop: () => pool.end() })
    const store = await openStore({ pool, schema })
    await store.snapshots.save({ stream: 's', schemaVersion: 1, version: 1, position: 1, state: '{}' })
    const load = () => Promise.all(times(12, () => store.snapshots.load('s', 1)))
    await load()
    await (await adminClient()).query(`alter table ${schema}.snapshots alter column version type bigint`)
    expect(await load()).toEqual(times(12, () => expect.objectContaining({ version: 1 })))
  })
})
