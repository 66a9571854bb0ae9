import { testDatabase } from '@writ/build-tools'
import { systemRuntime } from '@writ/event-store'
import { adminClient, closeAfterAll, openStore } from '../test/test-store.js'

closeAfterAll()

describe('The look for parked events that were woken', () => {
  it.each([10, 100_000])('reads next to nothing with %i of them, in few sequences and in many', async (count) => {
    const { connectionString, schema } = testDatabase()
    const admin = await adminClient()
    const store = await openStore({ connectionString, schema })
    const subscription = systemRuntime.uuid()
    // The session's plan is made now, of an empty table.
    expect(await store.parked.due(subscription, { woken: true })).toEqual([])
    // Behind ten that are to be tried again in an hour, and each by itself.
    await admin.query(
      `insert into ${schema}.parked_events (subscription, sequence, position, part, type, stream, failure, parked_at, retry_at)
        select $1, 'account-' || n % 10, n, 0, 'deposited', 'account-' || n % 10, case when n <= 10 then '{"attempts":[]}'::json end,
          now(), case when n <= 10 then now() + interval '1 hour' end
        from generate_series(1, $2::integer) n
        union all select $1, 'single-' || n, n, 0, 'deposited', 'single-' || n, '{"attempts":[]}', now(), null
        from generate_series(1, $2::integer) n`,
      [subscription, count],
    )
    for (let look = 0; look < 20; look++) expect(await store.parked.due(subscription, { woken: true })).toEqual([])
    // As someone's decision would: that looks at all that it may concern.
    await admin.query(
      `update ${schema}.parked_events set decision = 'retry' where subscription = $1 and sequence = 'single-7' and position = 7`,
      [subscription],
    )
    expect(await store.parked.due(subscription, { woken: true })).toMatchObject([{ sequence: 'single-7', decision: 'retry' }])
    await store.stop()
    await admin.query('select pg_stat_force_next_flush()')
    const { rows } = await admin.query<{ read: string }>(
      `select (select sum(idx_tup_read) from pg_stat_user_indexes where schemaname = $1 and relname = 'parked_events')
        + (select seq_tup_read from pg_stat_user_tables where schemaname = $1 and relname = 'parked_events') as read`,
      [schema],
    )
    expect(Number(rows[0]!.read)).toBeLessThan(1_000)
  })
})
