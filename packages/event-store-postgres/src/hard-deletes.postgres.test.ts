// A hard delete is one transaction, however long the stream is: a real server that crashes in its midst, a real process that is killed.

import { join } from 'node:path'
import { testProcesses, until } from '@writ/build-tools'
import pg from 'pg'
import { PrivateServer } from '../test/private-server.js'
import { closeAfterAll, newEvent, openStore } from '../test/test-store.js'
import { LOCK_SPACE } from './schema/append-functions.js'

jest.setTimeout(120_000) // Real servers, on machines that are busy with other tests.
closeAfterAll()

const script = join(__dirname, '../test/deleting-process.mjs')
const schema = 'writ'
const EVENTS = 100_000

describe('A stream of 100,000 events that is taken out', () => {
  const startProcess = testProcesses()
  let server: PrivateServer
  let client: pg.Client
  const open = (retryFor = 5_000) =>
    openStore({ connectionString: server.connectionString, schema, allowHardDelete: true, retryFor })
  beforeAll(async () => {
    server = await PrivateServer.start()
    await open()
    client = await connected()
    await client.query(`insert into ${schema}.events
      select i, i, 1, gen_random_uuid(), 'account-1', 'noted', '{"text":"hello"}', '{}', array['a' || i], clock_timestamp()
      from generate_series(1, ${EVENTS}) i`)
    await client.query(`insert into ${schema}.tags select tag, e.position from ${schema}.events e, unnest(e.tags) tag`)
  })
  afterAll(async () => {
    // Its server may have been crashed under it.
    await client.end().catch(() => {})
    await server.remove()
  })

  async function connected(): Promise<pg.Client> {
    const made = new pg.Client({ connectionString: server.connectionString })
    made.on('error', () => {})
    await made.connect()
    return made
  }
  const key = `${LOCK_SPACE}, '${schema}'::regnamespace::oid::integer`
  /** Lets deletes come as far as to the log's lock: by then all rows are taken out, and no end is written. */
  const holdTheLock = () => client.query(`select pg_advisory_lock(${key})`)
  const count = async (condition: string) =>
    (await client.query<{ count: number }>(`select count(*)::int as count from ${condition}`)).rows[0]!.count
  const untilHalfDone = () =>
    until(
      'it waits for the lock',
      async () => (await count(`pg_locks where locktype = 'advisory' and not granted`)) === 1,
      60_000,
    )
  const left = async () => [
    await count(`${schema}.events where stream = 'account-1' and version <= ${EVENTS}`),
    await count(`${schema}.tags`),
  ]

  it('is all there when the server crashes in the midst', async () => {
    const store = await open(0)
    await holdTheLock()
    const deleted = store.streams.delete('account-1', { hard: true }).catch((error: unknown) => error)
    await untilHalfDone()
    await server.crash('kill')
    expect(await deleted).toMatchObject({ code: 'store-unavailable', mayBeCommitted: true })
    await server.start()
    client = await connected()
    expect(await left()).toEqual([EVENTS, EVENTS])
    const again = await open()
    expect(await again.streams.info('account-1')).toEqual({ stream: 'account-1', version: EVENTS, firstVersion: 1 })
    expect(await again.append({ stream: 'account-1', events: [newEvent()] })).toMatchObject({ version: EVENTS + 1 })
  })

  it('is all there or all gone when the process that does it gets a kill -9 in the midst', async () => {
    await holdTheLock()
    const deleting = startProcess(script, [server.connectionString, schema, 'account-1'])
    await untilHalfDone()
    await deleting.kill()
    await client.query(`select pg_advisory_unlock(${key})`)
    const others = `pg_stat_activity where state = 'active' and query like '%delete_stream%' and pid <> pg_backend_pid()`
    await until('the server has done with it', async () => (await count(others)) === 0)
    const store = await open()
    const info = await store.streams.info('account-1')
    if (info?.deletion) expect(info.deletion.hard).toBe(true)
    else {
      expect([info?.version, await left()]).toEqual([EVENTS + 1, [EVENTS, EVENTS]])
      await store.streams.delete('account-1', { hard: true })
    }
    expect(await left()).toEqual([0, 0])
  })
})
