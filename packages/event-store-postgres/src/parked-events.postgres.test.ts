import { testDatabase } from '@writ/build-tools'
import { systemRuntime } from '@writ/event-store'
import type pg from 'pg'
import { adminClient, closeAfterAll, openStore } from '../test/test-store.js'

closeAfterAll()

/** Parks so many events twice: in ten sequences, whose first ones are to be tried again in an hour, and each in one of its own. */
async function park(admin: pg.Client, schema: string, subscription: string, count: number): Promise<void> {
  await admin.query(
    `insert into ${schema}.parked_events (subscription, sequence, position, part, type, stream, failure, parked_at, retry_at)
      select $1, 'account-' || n % 10, n, 0, 'deposited', 'account-' || n % 10, case when n <= 10 then '{"attempts":[]}'::json end,
        now(), case when n <= 10 then now() + interval '1 hour' end
      from generate_series(1, $2::integer) n
      union all select $1, 'single-' || n, n, 0, 'deposited', 'single-' || n, '{"attempts":[]}', now(), null
      from generate_series(1, $2::integer) n`,
    [subscription, count],
  )
}

/** How many rows of parked events were read since the server counts, by an index or without one; of sessions that are over. */
async function rowsRead(admin: pg.Client, schema: string): Promise<number> {
  await admin.query('select pg_stat_force_next_flush()')
  const { rows } = await admin.query<{ read: string }>(
    `select (select sum(idx_tup_read) from pg_stat_user_indexes where schemaname = $1 and relname = 'parked_events')
      + (select seq_tup_read from pg_stat_user_tables where schemaname = $1 and relname = 'parked_events') as read`,
    [schema],
  )
  return Number(rows[0]!.read)
}

describe('The look for parked events that were woken', () => {
  it.each([10, 100_000])('reads next to nothing with %i of them, in few sequences and in many', async (count) => {
    const { connectionString, schema } = testDatabase()
    const admin = await adminClient()
    const store = await openStore({ connectionString, schema })
    const subscription = systemRuntime.uuid()
    // The session's plan is made now, of an empty table.
    expect(await store.parked.due(subscription, { woken: true })).toEqual([])
    await park(admin, schema, subscription, count)
    for (let look = 0; look < 20; look++) expect(await store.parked.due(subscription, { woken: true })).toEqual([])
    await store.parked.decide(subscription, 'retry', { sequence: 'single-7', position: 7 })
    expect(await store.parked.due(subscription, { woken: true })).toMatchObject([{ sequence: 'single-7', decision: 'retry' }])
    await store.stop()
    expect(await rowsRead(admin, schema)).toBeLessThan(1_000)
  })
})

describe('A decision on parked events, and a list of those of a sequence,', () => {
  it.each([10, 100_000])('read what they concern, with twice %i of them', async (count) => {
    const { connectionString, schema } = testDatabase()
    const admin = await adminClient()
    const store = await openStore({ connectionString, schema })
    const subscription = systemRuntime.uuid()
    const ask = async () => [
      await store.parked.decide(subscription, 'retry', { sequence: 'single-7' }),
      await store.parked.decide(subscription, 'retry', { sequence: 'account-8', position: 8 }),
      await store.parked.decide(subscription, 'discard', { sequence: 'account-8', position: 8, part: 0 }),
      await store.parked.decide(subscription, 'discard', { sequence: 'single-7', part: 0 }),
      await store.parked.decide(subscription, 'retry', { position: 9 }),
      (await store.parked.list(subscription, { sequence: 'single-7' })).length,
      (await store.parked.list(subscription, { limit: 2 })).length,
    ]
    // The sessions' plans are made now, of an empty table; and again, for what is asked often, of whatever is asked.
    expect(await ask()).toEqual([0, 0, 0, 0, 0, 0, 0])
    await park(admin, schema, subscription, count)
    for (let time = 0; time < 10; time++) expect(await ask()).toEqual([1, 1, 1, 1, 2, 1, 2])
    await store.stop()
    expect(await rowsRead(admin, schema)).toBeLessThan(1_000)
  })
})
