import { testDatabase, until } from '@writ/build-tools'
import type { EventStore } from '@writ/event-store'
import pg from 'pg'
import { newRole } from '../test/roles.js'
import {
  adminClient,
  closeAfterAll,
  newEvent,
  openStore,
  readEverything,
  times,
  untilIdle,
  willClose,
} from '../test/test-store.js'
import { migratePostgresEventStore } from './manage-schema.js'

closeAfterAll()
/** A store that runs as a role of its own, on a pool that the test looks at. */
async function runningAsRole() {
  const { connectionString, schema } = testDatabase()
  const runner = await newRole()
  await migratePostgresEventStore({ connectionString, schema, grantTo: runner.role })
  const pool = new pg.Pool({ connectionString: runner.connectionString, max: 4 })
  const store = await openStore({ pool, schema, migrate: false, retryFor: 100 })
  willClose({ stop: () => pool.end() })
  return { store, pool, schema, role: runner.role, admin: await adminClient() }
}

const appendMany = (store: EventStore) =>
  Promise.allSettled(times(30, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))

const reasons = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result as PromiseRejectedResult).reason)

describe('A server that refuses', () => {
  it('because a right was revoked: every append says so, and all is well when it is granted again', async () => {
    const { store, pool, schema, role, admin } = await runningAsRole()
    await appendMany(store)
    await admin.query(`revoke insert on ${schema}.events from ${role}`)
    const refused = await appendMany(store)
    expect(reasons(refused)).toEqual(times(30, () => expect.objectContaining({ code: 'postgres-refused', sqlState: '42501' })))
    expect(await readEverything(store)).toHaveLength(30)
    await admin.query(`grant insert on ${schema}.events to ${role}`)
    expect((await appendMany(store)).map(({ status }) => status)).toEqual(times(30, () => 'fulfilled'))
    const events = await readEverything(store)
    expect(events.map(({ position }) => position)).toEqual(times(60, (index) => index + 1))
    await untilIdle(pool)
  })

  it('because it is read-only, as a standby is: appends were certainly not stored, and go on when it is not any more', async () => {
    const { store, pool, schema, role, admin } = await runningAsRole()
    await appendMany(store)
    const newSessions = async (value: string) => {
      await admin.query(`alter role ${role} set default_transaction_read_only = ${value}`)
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [role])
    }
    await newSessions('on')
    const refused = await appendMany(store)
    expect(reasons(refused)).toEqual(
      times(30, () => expect.objectContaining({ code: 'store-unavailable', mayBeCommitted: expect.any(Boolean) })),
    )
    // Once its sessions are new ones, there is nothing to doubt.
    expect(reasons(await appendMany(store))).toEqual(
      times(30, () => expect.objectContaining({ code: 'store-unavailable', mayBeCommitted: false })),
    )
    expect(await readEverything(store)).toHaveLength(30)
    // Not by ending its sessions: those that met the refusal were closed by the store itself.
    await admin.query(`alter role ${role} set default_transaction_read_only = off`)
    await until('they are gone', async () => {
      const { rows } = await admin.query('select pid from pg_stat_activity where usename = $1', [role])
      return rows.length <= 5
    })
    await expect(pool.query(`select count(*)::int from ${schema}.events`)).resolves.toMatchObject({ rows: [{ count: 30 }] })
    await appendMany(store)
    expect((await appendMany(store)).map(({ status }) => status)).toEqual(times(30, () => 'fulfilled'))
    await untilIdle(pool)
  })

  it('because its disk is full: nothing is half stored, and repeated appends are stored once when there is room', async () => {
    const { store, pool, schema, admin } = await runningAsRole()
    await admin.query(
      `create function ${schema}.no_room() returns trigger language plpgsql as $$ begin raise exception 'full' using errcode = 'disk_full'; end $$;
        create trigger no_room after insert on ${schema}.tags for each statement execute function ${schema}.no_room()`,
    )
    const appends = times(30, (index) => ({ stream: `s-${index}`, events: [newEvent({ tags: ['x'] })] }))
    const all = () => Promise.allSettled(appends.map((append) => store.append(append)))
    expect(reasons(await all())).toEqual(times(30, () => expect.objectContaining({ code: 'store-unavailable' })))
    expect(await readEverything(store)).toEqual([])
    await admin.query(`drop trigger no_room on ${schema}.tags`)
    expect((await all()).map(({ status }) => status)).toEqual(times(30, () => 'fulfilled'))
    expect((await all()).map(({ status }) => status)).toEqual(times(30, () => 'fulfilled'))
    expect(await readEverything(store)).toHaveLength(30)
    await untilIdle(pool)
  })
})
