import { testDatabase } from '@writ/build-tools'
import { type Append, hasCode, type StoreUnavailableError } from '@writ/event-store'
import pg from 'pg'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../../test/test-store.js'
import type { PostgresEventStoreOptions } from '../options.js'
import { SqlIdentifier } from '../sql.js'

closeAfterAll()

const append = (stream: string, more: Partial<Append> = {}): Append => ({ stream, events: [newEvent()], ...more })

/** A store, and a table of the user's own with one row. */
async function bank(options: Partial<PostgresEventStoreOptions> = {}) {
  const { connectionString, schema = '' } = { ...testDatabase(), ...options }
  const store = await openStore({ ...(options.pool ? {} : { connectionString }), ...options, schema })
  const admin = await adminClient()
  const table = new SqlIdentifier([schema, 'accounts'])
  await admin.query(`create table ${table.quoted} (account text primary key, balance integer not null)`)
  await admin.query(`insert into ${table.quoted} values ('one', 100)`)
  const balances = async () =>
    Object.fromEntries(
      (await admin.query<{ account: string; balance: number }>(`select * from ${table.quoted}`)).rows.map(
        ({ account, balance }) => [account, balance],
      ),
    )
  return { store, admin, table, schema, connectionString, balances }
}

describe('A transaction of the store on PostgreSQL', () => {
  it("stores the user's rows and the events together", async () => {
    const { store, table, balances } = await bank()
    const { result, appended } = await store.transaction(async ({ sql, client, append: add }) => {
      await sql`insert into ${table} values (${'two'}, ${50})`
      await client.query(`update ${table.quoted} set balance = balance - 50 where account = 'one'`)
      add(append('account-one'))
      add(append('account-two', { expectedVersion: 'no-stream' }))
      return (await sql<{ sum: string }>`select sum(balance) from ${table}`)[0]!.sum
    })
    expect({ result, appended }).toEqual({
      result: '100',
      appended: [
        { version: 1, position: 1 },
        { version: 1, position: 2 },
      ],
    })
    expect(await balances()).toEqual({ one: 50, two: 50 })
    expect((await readEverything(store)).map(({ stream }) => stream)).toEqual(['account-one', 'account-two'])
  })

  it('stores neither when the work throws', async () => {
    const { store, table, balances } = await bank()
    const thrown = new Error('insufficient funds')
    const outcome = store.transaction(async ({ sql, append: add }) => {
      await sql`update ${table} set balance = 0`
      add(append('account-one'))
      throw thrown
    })
    await expect(outcome).rejects.toBe(thrown)
    expect([await balances(), await readEverything(store)]).toEqual([{ one: 100 }, []])
  })

  it('stores neither when an append is refused', async () => {
    const { store, table, balances } = await bank()
    const outcome = store.transaction(async ({ sql, append: add }) => {
      await sql`update ${table} set balance = 0`
      add(append('account-one', { expectedVersion: 7 }))
    })
    await expect(outcome).rejects.toMatchObject({ code: 'wrong-expected-version', stream: 'account-one', actualVersion: 0 })
    expect([await balances(), await readEverything(store)]).toEqual([{ one: 100 }, []])
  })

  it('stores neither when what the server refuses as JSON is among the events', async () => {
    const { store, table, balances } = await bank()
    for (const data of ['{oops', '{"text":"\u001f"}', '['.repeat(50_000) + ']'.repeat(50_000)]) {
      const outcome = store.transaction(async ({ sql, append: add }) => {
        await sql`update ${table} set balance = 0`
        add(append('account-one'))
        add(append('account-two', { events: [newEvent({ data })] }))
      })
      await expect(outcome).rejects.toMatchObject({ code: 'invalid-append' })
    }
    expect([await balances(), await readEverything(store)]).toEqual([{ one: 100 }, []])
  })

  it('changes no row a second time when it is repeated with the same events', async () => {
    const { store, table, balances } = await bank()
    const deposit = append('account-one')
    const run = () =>
      store.transaction(async ({ sql, append: add }) => {
        await sql`update ${table} set balance = balance + 10`
        add(deposit)
      })
    const first = await run()
    expect((await run()).appended).toEqual(first.appended)
    expect(await balances()).toEqual({ one: 110 })
  })

  it('throws what a statement of the work threw, as it is', async () => {
    const { store, table } = await bank()
    const outcome = store.transaction(async ({ sql }) => sql`insert into ${table} values ('one', 1)`)
    await expect(outcome).rejects.toMatchObject({ code: '23505', severity: 'ERROR' })
  })

  it.each([[[]], [[append('account-one')]]])(
    'stores nothing when the work went on after a statement had failed (%#)',
    async (appends: Append[]) => {
      const { store, table, balances } = await bank()
      const outcome = store.transaction(async ({ sql, append: add }) => {
        await sql`update ${table} set balance = 0`
        await sql`select 1 / 0`.catch(() => {})
        for (const each of appends) add(each)
      })
      await expect(outcome).rejects.toMatchObject({ code: 'unsuitable-transaction' })
      expect([await balances(), await readEverything(store)]).toEqual([{ one: 100 }, []])
    },
  )

  it.each(['commit', 'rollback', 'commit; begin'])(
    'writes no event when the work ended it by itself, by %s',
    async (statement) => {
      const { store } = await bank()
      const outcome = store.transaction(async ({ client, append: add }) => {
        add(append('account-one'))
        await client.query(statement)
      })
      await expect(outcome).rejects.toMatchObject({ code: 'unsuitable-transaction' })
      expect(await readEverything(store)).toEqual([])
      // And the connection is as good as new.
      await expect(store.transaction(async ({ append: add }) => add(append('account-one')))).resolves.toMatchObject({
        appended: [{ version: 1 }],
      })
    },
  )

  it.each(['repeatable read', 'serializable'])('writes no event when the work made it %s', async (level) => {
    const { store } = await bank()
    const outcome = store.transaction(async ({ client, append: add }) => {
      await client.query(`set transaction isolation level ${level}`)
      add(append('account-one'))
    })
    await expect(outcome).rejects.toMatchObject({
      code: 'unsuitable-transaction',
      why: expect.stringContaining('READ COMMITTED'),
    })
    expect(await readEverything(store)).toEqual([])
  })

  it.each([[[]], [[append('account-one')]]])(
    'stores nothing when a deferred constraint of the user speaks against it (%#)',
    async (appends: Append[]) => {
      const { store, admin, table, balances } = await bank()
      await admin.query(
        `alter table ${table.quoted} add column parent text references ${table.quoted} deferrable initially deferred`,
      )
      const outcome = store.transaction(async ({ sql, append: add }) => {
        await sql`insert into ${table} values ('two', 1, 'nobody')`
        for (const each of appends) add(each)
      })
      await expect(outcome).rejects.toMatchObject({ code: 'postgres-refused', sqlState: '23503' })
      expect([await balances(), await readEverything(store)]).toEqual([{ one: 100 }, []])
    },
  )

  it('runs no sql after the work has ended', async () => {
    const { store } = await bank()
    let late: (() => Promise<unknown>) | undefined
    await store.transaction(async ({ sql }) => {
      late = () => sql`select 1`
    })
    await expect(late!()).rejects.toMatchObject({ code: 'transaction-ended' })
  })

  it("runs on a user's pool of one connection", async () => {
    const { connectionString, schema } = testDatabase()
    const pool = new pg.Pool({ connectionString, max: 1 })
    willClose({ stop: () => pool.end() })
    const { store, table } = await bank({ pool, schema })
    const deposit = append('account-one')
    const run = () =>
      store.transaction(async ({ sql, append: add }) => {
        await sql`update ${table} set balance = balance + 1`
        add(deposit)
      })
    const [first, second] = [await run(), await run()]
    expect(second.appended).toEqual(first.appended)
    const refused = store.transaction(async ({ append: add }) => add(append('account-one', { expectedVersion: 0 })))
    await expect(refused).rejects.toMatchObject({ code: 'wrong-expected-version', missed: [{ id: deposit.events[0]!.id }] })
  })

  it('needs nothing that a pooler of transactions does not keep', async () => {
    const { store, table, balances } = await bank({ pooler: 'transaction' })
    const deposit = append('account-one')
    const run = () =>
      store.transaction(async ({ sql, append: add }) => {
        await sql`update ${table} set balance = balance + 1`
        add(deposit)
      })
    expect((await run()).appended).toEqual((await run()).appended)
    const refused = store.transaction(async ({ append: add }) => add(append('account-one', { expectedVersion: 0 })))
    await expect(refused).rejects.toMatchObject({ code: 'wrong-expected-version', actualVersion: 1 })
    await expect(store.appendAll([append('account-two'), append('account-three')])).resolves.toHaveLength(2)
    expect(await balances()).toEqual({ one: 101 })
  })

  it('leaves nothing staged, whatever became of it', async () => {
    const { store, admin, schema } = await bank()
    await store.transaction(async ({ append: add }) => add(append('account-one')))
    await store.transaction(async ({ append: add }) => add(append('account-one', { expectedVersion: 9 }))).catch(() => {})
    expect((await admin.query(`select from ${schema}.staged_appends`)).rowCount).toBe(0)
  })

  it('is waited for by a stop', async () => {
    const { store, table, balances } = await bank()
    let stopping: Promise<void> | undefined
    const { appended } = await store.transaction(async ({ sql, append: add }) => {
      stopping = store.stop()
      await sql`update ${table} set balance = 5`
      add(append('account-one'))
    })
    await stopping
    expect([appended, await balances()]).toEqual([[{ version: 1, position: 1 }], { one: 5 }])
  })
})

describe('While a transaction of the store is open', () => {
  it('the lock under which events are numbered is free, and others append', async () => {
    const { store, admin } = await bank()
    const { result } = await store.transaction(async ({ sql, append: add }) => {
      add(append('account-one'))
      await sql`select 1`
      const others = await Promise.all(times(20, (index) => store.append(append(`other-${index}`))))
      return { last: Math.max(...others.map(({ position }) => position)), locks: await advisoryLocks(admin, sql) }
    })
    expect(result).toEqual({ last: 20, locks: 0 })
    expect((await readEverything(store)).at(-1)).toMatchObject({ stream: 'account-one', position: 21 })
  })

  it('32 writers that want the row which it holds deadlock neither with it nor with one another', async () => {
    const { store, table, connectionString, balances } = await bank()
    const pool = new pg.Pool({ connectionString, max: 32 })
    willClose({ stop: () => pool.end() })
    const writing = times(32, async (index) => {
      for (let turn = 0; turn < 5; turn++) {
        await pool.query(`update ${table.quoted} set balance = balance + 1 where account = 'one'`)
        await store.append(append(`writer-${index}`, { expectedVersion: turn }))
      }
    })
    const transacting = times(10, (turn) =>
      store.transaction(async ({ sql, append: add }) => {
        await sql`update ${table} set balance = balance + 1 where account = 'one'`
        add(append(`transaction-${turn}`))
        add(append('writer-0-too'))
      }),
    )
    await Promise.all([...writing, ...transacting])
    expect(await balances()).toEqual({ one: 270 })
    expect(await readEverything(store)).toHaveLength(32 * 5 + 10 * 2)
  })
})

describe('A transaction whose connection is lost', () => {
  /** Replaces a function of the schema by one that ends its own connection, or waits, when it is called for the first time. */
  async function sabotage(admin: pg.Client, schema: string, signature: string, rest: string, how: string) {
    await admin.query(`create sequence ${schema}.calls`)
    await admin.query(`create or replace function ${schema}.${signature} language plpgsql as $$
      begin
        if nextval('${schema}.calls') = 1 then ${how}; end if;
        ${rest}
      end $$`)
  }
  const flush = 'flush() returns void'
  const appendStaged = 'append_staged(_id bigint, _durable boolean, _notify boolean, _lock_timeout text) returns bigint[]'
  const endsItself = 'perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10)'

  it('between its commit and the reply is answered: it was committed', async () => {
    const { store, admin, schema, table, balances } = await bank()
    await sabotage(admin, schema, flush, '', endsItself)
    const { result, appended } = await store.transaction(async ({ sql, append: add }) => {
      await sql`update ${table} set balance = 5`
      add(append('account-one'))
      add(append('account-two'))
      return 'done'
    })
    expect({ result, appended }).toEqual({ result: 'done', appended: times(2, (index) => ({ version: 1, position: index + 1 })) })
    expect([await balances(), (await readEverything(store)).length]).toEqual([{ one: 5 }, 2])
  })

  it('before its commit fails as one that was certainly not stored', async () => {
    const { store, admin, schema, table, balances } = await bank()
    await sabotage(admin, schema, appendStaged, 'return null;', endsItself)
    const failure = await store
      .transaction(async ({ sql, append: add }) => {
        await sql`update ${table} set balance = 5`
        add(append('account-one'))
      })
      .catch((error: unknown) => error)
    expect(hasCode<StoreUnavailableError>(failure, 'store-unavailable') && !failure.mayBeCommitted).toBe(true)
    expect([await balances(), await readEverything(store)]).toEqual([{ one: 100 }, []])
  })

  it('in the midst of the work fails as one that was certainly not stored', async () => {
    const { store, balances, table } = await bank()
    const failure = await store
      .transaction(async ({ sql, append: add }) => {
        await sql`update ${table} set balance = 5`
        add(append('account-one'))
        await sql`select pg_terminate_backend(pg_backend_pid())`
      })
      .catch((error: unknown) => error)
    expect(hasCode<StoreUnavailableError>(failure, 'store-unavailable') && !failure.mayBeCommitted).toBe(true)
    expect([await balances(), await readEverything(store)]).toEqual([{ one: 100 }, []])
  })

  it('and whose server is still at it fails as one that may be stored, for nobody can know', async () => {
    const { store, admin, schema } = await bank({ statementTimeout: 1_000, retryFor: 100 })
    await sabotage(admin, schema, appendStaged, 'return null;', 'perform pg_advisory_xact_lock(4711)')
    await admin.query('begin; select pg_advisory_xact_lock(4711)')
    // The server would cancel it itself by then; as it is when nothing gets through to it.
    const failure = await store
      .transaction(async ({ client, append: add }) => {
        await client.query('set local statement_timeout = 0; set local lock_timeout = 0')
        add(append('account-one'))
      })
      .catch((error: unknown) => error)
    await admin.query('rollback')
    expect(hasCode<StoreUnavailableError>(failure, 'store-unavailable') && failure.mayBeCommitted).toBe(true)
  })

  it('before it began fails as any other statement', async () => {
    const { connectionString, schema } = testDatabase()
    const pool = new pg.Pool({ connectionString, max: 1 })
    willClose({ stop: () => pool.end() })
    const store = await openStore({ pool, schema, statementTimeout: 1_000 })
    const kept = await pool.connect()
    let hasRun = false
    const outcome = store.transaction(async () => {
      hasRun = true
    })
    await expect(outcome).rejects.toMatchObject({ code: 'store-unavailable', mayBeCommitted: false })
    kept.release()
    expect(hasRun).toBe(false)
  })
})

async function advisoryLocks(admin: pg.Client, sql: (text: TemplateStringsArray) => Promise<object[]>): Promise<number> {
  const [{ pid }] = (await sql`select pg_backend_pid() as pid`) as [{ pid: number }]
  const { rowCount } = await admin.query(`select from pg_locks where locktype = 'advisory' and pid = $1`, [pid])
  return rowCount!
}
