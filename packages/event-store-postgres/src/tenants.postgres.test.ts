import { testDatabase, until } from '@writ/build-tools'
import type { EventStore } from '@writ/event-store'
import pg from 'pg'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../test/test-store.js'

closeAfterAll()
const TENANTS = 50

function sharedPool(max: number): { pool: pg.Pool; applicationName: string } {
  const { connectionString, schema } = testDatabase()
  const applicationName = `tenants_${schema}`.slice(0, 63)
  const pool = new pg.Pool({ connectionString, max, application_name: applicationName })
  willClose({ stop: () => pool.end() })
  return { pool, applicationName }
}

const connectionsOf = async (admin: pg.Client, applicationName: string) =>
  (
    await admin.query<{ query: string; state: string }>('select query, state from pg_stat_activity where application_name = $1', [
      applicationName,
    ])
  ).rows

/** Every row of a tenant, as text. */
async function everyRow(admin: pg.Client, schema: string): Promise<string> {
  const { rows } = await admin.query<{ digest: string }>(
    ['events', 'tags', 'receipts', 'snapshots', 'subscriptions', 'store']
      .map(
        (table) =>
          `select '${table}' || coalesce(string_agg(t::text, '|' order by t::text), '') as digest from ${schema}.${table} t`,
      )
      .join(' union all '),
  )
  return rows.map(({ digest }) => digest).join('\n')
}

async function write(store: EventStore, name: string): Promise<void> {
  await store.append({
    stream: 'account-1',
    events: [newEvent({ data: JSON.stringify({ name }), tags: ['x'] })],
    expectedVersion: 0,
  })
  await store.append({
    stream: 'account-1',
    events: [newEvent()],
    receipts: [{ commandId: 'c', eventsUpTo: 1, body: `"${name}"` }],
  })
  await store.snapshots.save({ stream: 'account-1', schemaVersion: 1, version: 1, position: 1, state: `"${name}"` })
  await store.checkpoints.register({ name: 'sub', startAfter: 0 })
  const acquired = await store.checkpoints.acquire({ subscription: 'sub', partition: 0 }, name, 60_000)
  if (!acquired.acquired) throw new Error('not acquired')
  await store.checkpoints.advance(acquired.lease, 2)
}

describe(`${TENANTS} tenants, a schema each, on a pool of five`, () => {
  it('have positions, receipts, leases and snapshots of their own, and one listening connection', async () => {
    const { pool, applicationName } = sharedPool(5)
    const schemas = times(TENANTS, () => testDatabase().schema)
    const stores = await Promise.all(schemas.map((schema) => openStore({ pool, schema })))
    await Promise.all(stores.map((store, index) => write(store, `tenant-${index}`)))
    for (const [index, store] of stores.entries()) {
      const events = await readEverything(store)
      expect(events.map(({ position, version }) => [position, version])).toEqual([
        [1, 1],
        [2, 2],
      ])
      expect(JSON.parse(events[0]!.data)).toEqual({ name: `tenant-${index}` })
      expect(await store.receipts.find('c')).toMatchObject({ body: `"tenant-${index}"` })
      expect(await store.snapshots.load('account-1', 1)).toMatchObject({ state: `"tenant-${index}"` })
      expect(await store.checkpoints.list()).toMatchObject([{ checkpoint: 2, owner: `tenant-${index}`, epoch: 1 }])
    }
    const admin = await adminClient()
    await until('one connection listened', async () => {
      const listening = (await connectionsOf(admin, applicationName)).filter(({ query }) => /^listen/.test(query))
      return listening.length === 1
    })
    expect((await connectionsOf(admin, applicationName)).length).toBeLessThanOrEqual(6)
    expect(pool.listenerCount('error')).toBe(1)
    await Promise.all(stores.map((store) => store.stop()))
    await until('nobody listened', async () => (await connectionsOf(admin, applicationName)).length === pool.totalCount)
    expect({ idle: pool.idleCount, waiting: pool.waitingCount }).toEqual({ idle: pool.totalCount, waiting: 0 })
    expect(pool.listenerCount('error')).toBe(0)
  })

  it("leave each other's rows as they are, byte for byte", async () => {
    const { pool } = sharedPool(5)
    const [here, there] = [testDatabase().schema, testDatabase().schema]
    const [busy, quiet] = [await openStore({ pool, schema: here }), await openStore({ pool, schema: there })]
    await write(quiet, 'quiet')
    const admin = await adminClient()
    const before = await everyRow(admin, there)
    await write(busy, 'busy')
    await Promise.all(
      times(200, (index) => busy.append({ stream: `s-${index % 7}`, events: [newEvent({ tags: [`${index}`] })] })),
    )
    await busy.receipts.deleteOlderThan(0)
    await busy.snapshots.delete('account-1')
    expect(await readEverything(busy)).toHaveLength(202)
    expect(await everyRow(admin, there)).toBe(before)
  })
})

describe('Stores on one pool', () => {
  it('are woken by the appends of other processes to their own schema, and of no other', async () => {
    const { pool } = sharedPool(3)
    const schemas = times(3, () => testDatabase().schema)
    const stores = await Promise.all(schemas.map((schema) => openStore({ pool, schema })))
    const others = await Promise.all(schemas.map((schema) => openStore({ schema })))
    const woken = [0, 0, 0]
    stores.forEach((store, index) => void store.onAppended(() => woken[index]!++))
    await until('all three hear of the others', async () => {
      await Promise.all(others.map((other) => other.append({ stream: 's', events: [newEvent()] })))
      return woken.every((count) => count > 0)
    })
    const before = [...woken]
    await others[1]!.append({ stream: 's', events: [newEvent()] })
    await until('the second is woken', async () => woken[1]! > before[1]!)
    // It goes on hearing when another one has stopped.
    await stores[0]!.stop()
    await until('the second is woken again', async () => {
      const count = woken[1]!
      await others[1]!.append({ stream: 's', events: [newEvent()] })
      return woken[1]! > count
    })
    const second = woken[2]!
    await until('the third still is, too', async () => {
      await others[2]!.append({ stream: 's', events: [newEvent()] })
      return woken[2]! > second
    })
  })

  it("of one schema are woken by each other's appends", async () => {
    const { pool } = sharedPool(3)
    const { schema } = testDatabase()
    const [here, there] = [await openStore({ pool, schema }), await openStore({ pool, schema })]
    let woken = 0
    there.onAppended(() => woken++)
    await here.append({ stream: 's', events: [newEvent()] })
    await until('the other one is woken', async () => woken > 0)
  })
})

describe("A store's own connections", () => {
  it('are closed when nobody has used them for idleTimeout, and opened again when there is work', async () => {
    const { connectionString, schema } = testDatabase()
    const applicationName = `idle_${schema}`.slice(0, 63)
    const url = new URL(connectionString)
    url.searchParams.set('application_name', applicationName)
    const store = await openStore({ connectionString: url.href, schema, idleTimeout: 50 })
    await Promise.all(times(20, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    await Promise.all(times(5, () => readEverything(store)))
    const admin = await adminClient()
    await until('only the listening connection was left', async () => {
      const connections = await connectionsOf(admin, applicationName)
      return connections.length === 1 && connections[0]!.query.startsWith('listen')
    })
    expect(await store.append({ stream: 's-1', events: [newEvent()] })).toMatchObject({ version: 2 })
  })
})
