import { testDatabase } from '@writ/build-tools'
import type { Append } from '@writ/event-store'
import pg from 'pg'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../../test/test-store.js'
import { refusalOfCommit } from './refusal-of-commit.js'

closeAfterAll()

const append = (stream: string, more: Partial<Append> = {}): Append => ({ stream, events: [newEvent()], ...more })

/** A store, a client of the user's own, and a table of his. */
async function bank() {
  const { connectionString, schema } = testDatabase()
  const store = await openStore({ connectionString, schema })
  const client = await adminClient()
  const table = `${schema}.notes`
  await client.query(`create table ${table} (note text)`)
  const notes = async () => (await client.query<{ note: string }>(`select note from ${table}`)).rows.map(({ note }) => note)
  const note = (text: string) => client.query(`insert into ${table} values ($1)`, [text])
  const commit = async () => {
    try {
      await client.query('commit')
    } catch (error) {
      throw refusalOfCommit(error)
    }
  }
  return { store, client, table, schema, connectionString, notes, note, commit }
}

const stored = async (store: Awaited<ReturnType<typeof bank>>['store']) =>
  (await readEverything(store)).map(({ stream, version }) => `${stream}@${version}`)

describe("Appends that are staged on the user's own client", () => {
  it('are written with the rows by the COMMIT, and not before', async () => {
    const { store, client, note, notes, commit } = await bank()
    await client.query('begin')
    await note('a row')
    await store.stage(client, append('account-one', { expectedVersion: 'no-stream' }))
    await store.stage(client, [append('account-two'), append('account-three')])
    expect(await stored(store)).toEqual([])
    await commit()
    expect(await notes()).toEqual(['a row'])
    expect(await stored(store)).toEqual(['account-one@1', 'account-two@1', 'account-three@1'])
  })

  it('are forgotten with the rows by a ROLLBACK', async () => {
    const { store, client, note, notes } = await bank()
    await client.query('begin')
    await note('a row')
    await store.stage(client, append('account-one'))
    await client.query('rollback')
    expect([await notes(), await stored(store)]).toEqual([[], []])
  })

  it('are forgotten by a ROLLBACK to a savepoint before them, and those before it are not', async () => {
    const { store, client, commit } = await bank()
    await client.query('begin')
    await store.stage(client, append('account-one'))
    await client.query('savepoint before')
    await store.stage(client, append('account-two'))
    await client.query('rollback to savepoint before')
    await store.stage(client, append('account-three'))
    await commit()
    expect(await stored(store)).toEqual(['account-one@1', 'account-three@1'])
  })

  it('follow one another, where they are for one stream', async () => {
    const { store, client, commit } = await bank()
    await client.query('begin')
    await store.stage(client, append('account-one', { expectedVersion: 'no-stream' }))
    await store.stage(client, append('account-one', { expectedVersion: 1 }))
    await store.stage(client, [append('account-one', { expectedVersion: 2 }), append('account-one', { expectedVersion: 3 })])
    await commit()
    expect(await stored(store)).toEqual(times(4, (index) => `account-one@${index + 1}`))
  })

  it('have positions in the order of the commits, not of the staging', async () => {
    const { store, client, commit } = await bank()
    const other = await adminClient()
    for (const each of [client, other]) await each.query('begin')
    await store.stage(client, append('first-staged'))
    await store.stage(other, append('first-committed'))
    await other.query('commit')
    await commit()
    expect(await stored(store)).toEqual(['first-committed@1', 'first-staged@1'])
  })

  it('keep tags, receipts and exact texts', async () => {
    const { store, client, commit } = await bank()
    const event = newEvent({ data: '{"text":  "Zoë"}', tags: ['a', 'b'], metadata: '{"actor": "ann"}' })
    await client.query('begin')
    await store.stage(client, { stream: 'one', events: [event], receipts: [{ commandId: 'c', eventsUpTo: 1, body: '{ }' }] })
    await commit()
    expect(await readEverything(store)).toMatchObject([event])
    expect(await store.receipts.find('c')).toMatchObject({ version: 1, position: 1, body: '{ }' })
  })

  it('wake the listeners of every process, also where the client comes from the pool of the store', async () => {
    const { connectionString, schema } = testDatabase()
    const pool = new pg.Pool({ connectionString, max: 3 })
    willClose({ stop: () => pool.end() })
    const store = await openStore({ pool, schema })
    const other = await openStore({ connectionString, schema })
    // Connections that the store knows as its own.
    await Promise.all(times(10, (index) => store.append(append(`before-${index}`))))
    await Promise.all([store, other].map((each) => each.head()))
    const told = [store, other].map((each) => new Promise<void>((resolve) => void each.onAppended(() => resolve())))
    const client = await pool.connect()
    await client.query('begin')
    await store.stage(client, append('account-one'))
    await client.query('commit')
    client.release()
    await Promise.all(told)
  })

  it('are durable when they are acknowledged, whatever the session says', async () => {
    const { store, client, schema, table, notes, commit } = await bank()
    await client.query(`create function ${schema}.observe() returns trigger language plpgsql as $$
      begin insert into ${table} values (current_setting('synchronous_commit')); return null; end $$;
      create constraint trigger observe after insert on ${table} deferrable initially deferred for each row
        when (new.note = 'watched') execute function ${schema}.observe();
      set synchronous_commit = off; begin`)
    await store.stage(client, append('account-one'))
    await client.query(`insert into ${table} values ('watched')`)
    await commit()
    expect(await notes()).toEqual(['watched', 'on'])
    expect((await client.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: 'off' }])
  })

  it('leave no row behind', async () => {
    const { store, client, schema, commit } = await bank()
    await client.query('begin')
    await store.stage(
      client,
      times(5, (index) => append(`s-${index}`)),
    )
    await commit()
    expect((await client.query(`select from ${schema}.staged_appends`)).rowCount).toBe(0)
  })

  it('may be none', async () => {
    const { store, client } = await bank()
    await store.stage(client, [])
    expect(await stored(store)).toEqual([])
  })
})

describe('A COMMIT fails, and stores neither rows nor events, when what is staged', () => {
  const tag = { items: [{ tags: ['taken'] }] }
  const used = newEvent()
  const receipts = [{ commandId: 'handled', eventsUpTo: 1, body: '{"by":"ann"}' }]
  const refused: readonly [string, Append, object][] = [
    [
      'expects a stale version',
      append('known', { expectedVersion: 5 }),
      { code: 'wrong-expected-version', stream: 'known', expectedVersion: 5, actualVersion: 1, missed: undefined },
    ],
    [
      'expects no stream where there is one',
      append('known', { expectedVersion: 'no-stream' }),
      { code: 'wrong-expected-version', expectedVersion: 'no-stream', actualVersion: 1 },
    ],
    [
      'expects a stream where there is none',
      append('absent', { expectedVersion: 'stream-exists' }),
      { code: 'wrong-expected-version', expectedVersion: 'stream-exists', actualVersion: 0 },
    ],
    [
      'has a condition that fails',
      append('new', { condition: { failIfMatch: tag, after: 0 } }),
      { code: 'append-condition-failed', stream: 'new', position: 1 },
    ],
    [
      'has an event id that is in use',
      append('new', { events: [newEvent(), used] }),
      { code: 'event-id-conflict', stream: 'new', eventId: used.id },
    ],
    [
      'has a receipt of a command that was handled',
      append('new', { receipts: [{ commandId: 'other', eventsUpTo: 0, body: '{}' }, ...receipts] }),
      {
        code: 'command-already-handled',
        receipt: {
          commandId: 'handled',
          stream: 'known',
          version: 1,
          position: 1,
          body: '{"by":"ann"}',
          createdAt: expect.any(Date),
        },
      },
    ],
    [
      'is for a deleted stream',
      append('deleted', { expectedVersion: 'stream-exists' }),
      {
        code: 'stream-deleted',
        stream: 'deleted',
        version: 1,
        hard: false,
        position: 3,
        actor: 'ann',
        deletedAt: expect.any(Date),
      },
    ],
    ['is stored already', { stream: 'known', events: [used] }, { code: 'event-id-conflict', stream: 'known', eventId: used.id }],
  ]
  it.each(refused)('%s', async (_, staged, facts) => {
    const { store, client, note, notes, commit } = await bank()
    await store.append({ stream: 'known', events: [{ ...used, tags: ['taken'] }], receipts })
    await store.append(append('deleted'))
    await store.streams.delete('deleted', { metadata: { actor: 'ann' } })
    await client.query('begin')
    await note('a row')
    await store.stage(client, staged.stream === 'known' && staged.events[0] === used ? staged : [append('fine'), staged])
    await expect(commit()).rejects.toMatchObject(facts)
    expect([await notes(), await stored(store)]).toEqual([[], ['known@1', 'deleted@1']])
  })

  it('expects what an earlier one of the same transaction does not leave', async () => {
    const { store, client, commit } = await bank()
    await client.query('begin')
    await store.stage(client, append('account-one'))
    await store.stage(client, append('account-one', { expectedVersion: 'no-stream' }))
    await expect(commit()).rejects.toMatchObject({ code: 'wrong-expected-version', actualVersion: 1 })
    expect(await stored(store)).toEqual([])
  })

  it("has company that is refused by a constraint of the user's own: that error comes out as it is", async () => {
    const { store, client, table, commit } = await bank()
    await client.query(`alter table ${table} add unique (note) deferrable initially deferred`)
    await client.query('begin')
    await client.query(`insert into ${table} values ('twice'), ('twice')`)
    await store.stage(client, append('account-one'))
    await expect(commit()).rejects.toMatchObject({ code: '23505', severity: 'ERROR' })
    expect(await stored(store)).toEqual([])
  })
})

describe('Staging is refused', () => {
  it('in no transaction, and nothing is written', async () => {
    const { store, client } = await bank()
    await expect(store.stage(client, append('account-one'))).rejects.toMatchObject({
      code: 'unsuitable-transaction',
      why: expect.stringContaining('no transaction'),
    })
    expect(await stored(store)).toEqual([])
  })

  it.each(['repeatable read', 'serializable'])('in a transaction that is %s', async (level) => {
    const { store, client } = await bank()
    await client.query(`begin isolation level ${level}`)
    await expect(store.stage(client, append('account-one'))).rejects.toMatchObject({
      code: 'unsuitable-transaction',
      why: expect.stringContaining('READ COMMITTED'),
    })
    await client.query('rollback')
    expect(await stored(store)).toEqual([])
  })

  it('in a transaction of which a statement has failed', async () => {
    const { store, client } = await bank()
    await client.query('begin')
    await client.query('select 1 / 0').catch(() => {})
    await expect(store.stage(client, append('account-one'))).rejects.toMatchObject({
      code: 'unsuitable-transaction',
      why: expect.stringContaining('failed'),
    })
    await client.query('rollback')
  })

  it('for appends that are malformed, before the transaction feels it', async () => {
    const { store, client, commit } = await bank()
    await client.query('begin')
    await expect(store.stage(client, append(''))).rejects.toMatchObject({ code: 'invalid-stream-name' })
    await expect(store.stage(client, append('one', { expectedVersion: -1 }))).rejects.toMatchObject({ code: 'invalid-append' })
    await store.stage(client, append('account-one'))
    await commit()
    expect(await stored(store)).toEqual(['account-one@1'])
  })

  it('for data that is no JSON', async () => {
    const { store, client } = await bank()
    await client.query('begin')
    const malformed = append('one', { events: [newEvent({ data: '{oops' })] })
    await expect(store.stage(client, [append('fine'), malformed])).rejects.toMatchObject({
      code: 'invalid-append',
      stream: 'one',
    })
    await client.query('rollback')
  })

  it('in a database that holds no such store', async () => {
    const { store, connectionString } = await bank()
    const target = new URL(connectionString)
    target.pathname = '/template1'
    const elsewhere = new pg.Client({ connectionString: target.href })
    await elsewhere.connect()
    willClose({ stop: () => elsewhere.end() })
    await elsewhere.query('begin')
    await expect(store.stage(elsewhere, append('account-one'))).rejects.toMatchObject({
      code: 'postgres-refused',
      sqlState: '3F000',
    })
  })

  it('by a store that does not run', async () => {
    const { store, client } = await bank()
    await store.stop()
    await expect(store.stage(client, append('account-one'))).rejects.toMatchObject({ code: 'store-not-running' })
  })
})

describe("While appends are staged in the user's transaction", () => {
  it('others append, for the lock under which events are numbered is free', async () => {
    const { store, client, commit } = await bank()
    await client.query('begin')
    await store.stage(client, append('account-one'))
    await Promise.all(times(20, (index) => store.append(append(`other-${index}`))))
    const { rowCount } = await client.query(`select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`)
    expect(rowCount).toBe(0)
    await commit()
    expect((await stored(store)).at(-1)).toBe('account-one@1')
  })

  it('32 writers that want the row which it holds deadlock neither with it nor with one another', async () => {
    const { store, client, table, connectionString, note, commit } = await bank()
    const pool = new pg.Pool({ connectionString, max: 32 })
    willClose({ stop: () => pool.end() })
    await note('0')
    const touch = `update ${table} set note = note::integer + 1`
    const writing = times(32, async (index) => {
      for (let turn = 0; turn < 5; turn++) {
        await pool.query(touch)
        await store.append(append(`writer-${index}`, { expectedVersion: turn }))
      }
    })
    for (let turn = 0; turn < 10; turn++) {
      await client.query('begin')
      await client.query(touch)
      await store.stage(client, append('staged', { expectedVersion: turn }))
      await commit()
    }
    await Promise.all(writing)
    expect((await client.query(`select note from ${table}`)).rows).toEqual([{ note: String(32 * 5 + 10) }])
    expect(await readEverything(store)).toHaveLength(32 * 5 + 10)
  })

  it('transactions that stage for one stream at once: exactly one of those wins that expect the same version', async () => {
    const { store } = await bank()
    const outcomes = await Promise.allSettled(
      times(8, async () => {
        const own = await adminClient()
        await own.query('begin')
        await store.stage(own, append('account-one', { expectedVersion: 'no-stream' }))
        await own.query('commit').catch((error: unknown) => {
          throw refusalOfCommit(error)
        })
      }),
    )
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(lost).toHaveLength(7)
    for (const { reason } of lost) expect(reason).toMatchObject({ code: 'wrong-expected-version', actualVersion: 1 })
    expect(await stored(store)).toEqual(['account-one@1'])
  })
})
