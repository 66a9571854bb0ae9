import { testDatabase, until } from '@writ/build-tools'
import pg from 'pg'
import { describeWithPgbouncer, noPgbouncer, type Pgbouncer, startPgbouncer } from '../test/pgbouncer.js'
import { closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../test/test-store.js'
import { postgresEventStore } from './postgres-event-store.js'

closeAfterAll()
/** What the store's own connections begin with. */
const SETTINGS = 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout'

describeWithPgbouncer(`A pooler in transaction mode${noPgbouncer}`, () => {
  let pooler: Pgbouncer
  beforeAll(async () => {
    pooler = willClose(await startPgbouncer(testDatabase().connectionString, 'transaction'))
  })

  it('is refused at start, and the error names the option', async () => {
    const { schema } = testDatabase()
    const store = willClose(postgresEventStore({ connectionString: pooler.connectionString, schema }))
    await expect(store.start()).rejects.toMatchObject({
      code: 'transaction-pooler',
      message: expect.stringContaining("pooler: 'transaction'"),
    })
  })

  it('is refused at start also where it lets the settings of a session pass, as one that knows prepared statements may', async () => {
    const { connectionString, schema } = testDatabase()
    const lenient = willClose(await startPgbouncer(connectionString, 'transaction', { ignores: SETTINGS }))
    const store = willClose(postgresEventStore({ connectionString: lenient.connectionString, schema }))
    await expect(store.start()).rejects.toMatchObject({
      code: 'transaction-pooler',
      symptom: 'a session changed its server process',
    })
  })

  it("is refused at start behind a user's pool, too, and the pool is idle afterwards", async () => {
    const { schema } = testDatabase()
    const pool = new pg.Pool({ connectionString: pooler.connectionString, max: 1 })
    willClose({ stop: () => pool.end() })
    const store = willClose(postgresEventStore({ pool, schema }))
    await expect(store.start()).rejects.toMatchObject({ code: 'transaction-pooler' })
    expect({ idle: pool.idleCount, waiting: pool.waitingCount }).toEqual({ idle: pool.totalCount, waiting: 0 })
  })

  it('works with the option: concurrent writers, conflicts, checkpoints with effects', async () => {
    const { schema } = testDatabase()
    const open = () => openStore({ connectionString: pooler.connectionString, schema, pooler: 'transaction' })
    const [here, there] = [await open(), await open()]
    const appended = await Promise.allSettled(
      times(200, (index) =>
        (index % 2 ? here : there).append({
          stream: `s-${index % 10}`,
          events: [newEvent({ tags: ['x'] })],
          ...(index < 20 ? { expectedVersion: 0 } : {}),
        }),
      ),
    )
    const refused = appended.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    expect(new Set(refused.map(({ reason }) => (reason as { code: string }).code))).toEqual(new Set(['wrong-expected-version']))
    const events = await readEverything(here)
    expect(events.length).toBe(200 - refused.length)
    expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1))
    await here.checkpoints.register({ name: 'sub', startAfter: 0 })
    const acquired = await here.checkpoints.acquire({ subscription: 'sub', partition: 0 }, 'me', 60_000)
    if (!acquired.acquired) throw new Error('not acquired')
    const { lease } = acquired
    await Promise.all(
      times(30, () => there.checkpoints.advanceWith(lease, 1, async ({ sql }) => void (await sql`select ${1}::int`))),
    )
  })

  it('leaves no state in a session, and no statement prepared', async () => {
    const { schema } = testDatabase()
    const store = await openStore({ connectionString: pooler.connectionString, schema, pooler: 'transaction' })
    await Promise.all(times(50, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    const client = new pg.Client({ connectionString: pooler.connectionString })
    await client.connect()
    willClose({ stop: () => client.end() })
    const { rows } = await client.query(
      `select (select count(*)::int from pg_prepared_statements) as prepared, (select count(*)::int from pg_listening_channels()) as channels,
        current_setting('lock_timeout') as lock_timeout, current_setting('synchronous_commit') as synchronous_commit`,
    )
    expect(rows).toEqual([{ prepared: 0, channels: 0, lock_timeout: '0', synchronous_commit: 'on' }])
  })

  it('finds the appends of other processes soon, although nobody can listen', async () => {
    const { connectionString, schema } = testDatabase()
    const behind = await openStore({ connectionString: pooler.connectionString, schema, pooler: 'transaction' })
    const direct = await openStore({ connectionString, schema })
    let woken = 0
    const stop = behind.onAppended(() => woken++)
    for (let round = 1; round <= 3; round++) {
      const before = woken
      await direct.append({ stream: 's', events: [newEvent()] })
      await until('it is woken', async () => woken > before)
    }
    stop()
  })
})

describeWithPgbouncer(`A pooler in session mode${noPgbouncer}`, () => {
  it("works behind a user's pool without the option", async () => {
    const { connectionString, schema } = testDatabase()
    const pooler = willClose(await startPgbouncer(connectionString, 'session', { poolSize: 20 }))
    const pool = new pg.Pool({ connectionString: pooler.connectionString, max: 5 })
    willClose({ stop: () => pool.end() })
    const store = await openStore({ pool, schema })
    await Promise.all(times(50, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    expect(await readEverything(store)).toHaveLength(50)
    await store.stop()
  })

  it("works behind the store's own connections where it lets their settings pass, and is told from one that does not", async () => {
    const { connectionString, schema } = testDatabase()
    const [strict, lenient] = [
      willClose(await startPgbouncer(connectionString, 'session', { poolSize: 20 })),
      willClose(await startPgbouncer(connectionString, 'session', { poolSize: 20, ignores: SETTINGS })),
    ]
    const refused = willClose(postgresEventStore({ connectionString: strict.connectionString, schema }))
    await expect(refused.start()).rejects.toMatchObject({
      code: 'transaction-pooler',
      symptom: expect.stringContaining('idle_in_transaction_session_timeout'),
    })
    const store = await openStore({ connectionString: lenient.connectionString, schema })
    await Promise.all(times(50, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    expect(await readEverything(store)).toHaveLength(50)
    await store.stop()
  })
})
