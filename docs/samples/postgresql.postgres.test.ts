import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testDatabase } from '@writ/build-tools'
import { type EventStore, silentLogger, systemRuntime } from '@writ/event-store'
import pg from 'pg'
import { appendOnce, behindPooler, connected, deploy, forget, service, Tenants, withoutServer } from './postgresql.js'

const append = (stream: string) => ({
  stream,
  events: [{ id: systemRuntime.uuid(), type: 'noted', schemaVersion: 1, data: '{}', metadata: '{}', tags: [] }],
})

async function countOf(store: EventStore): Promise<number> {
  let count = 0
  for await (const page of store.readAll()) count += page.length
  return count
}

describe('The samples for PostgreSQL', () => {
  const database = `writ_sample_${randomBytes(6).toString('hex')}`
  const url = new URL(testDatabase().connectionString)
  const server = new pg.Client({ connectionString: url.href })
  const connectionString = Object.assign(new URL(url), { pathname: database }).href

  // The samples name a schema and a role of their own, so they get a database, and the role goes with it.
  beforeAll(async () => {
    await server.connect()
    await server.query(`create database ${database}`)
  })
  afterAll(async () => {
    await server.query(`drop database ${database} with (force)`)
    await server.query('drop role if exists bank_service')
    await server.end()
  })

  it('connect, append once whatever comes, and stop', async () => {
    const store = await connected(connectionString, silentLogger)
    expect(await appendOnce(store, append('account-1'))).toEqual({ version: 1, position: 1 })
    await store.stop()
  })

  it('migrate with one role and run with another', async () => {
    await server.query('drop role if exists bank_service')
    await server.query(`create role bank_service login password 'of the service'`)
    await deploy(connectionString, silentLogger)
    const own = Object.assign(new URL(connectionString), { username: 'bank_service', password: 'of the service' })
    const store = service(own.href)
    await store.start()
    expect(await store.append(append('account-2'))).toMatchObject({ version: 1 })
    await store.stop()
    const client = new pg.Client({ connectionString })
    await client.connect()
    await client.query('drop owned by bank_service cascade')
    await client.end()
  })

  it('keep tenants apart on one pool, and forget one', async () => {
    const tenants = new Tenants(connectionString)
    const [one, two] = [await tenants.store('one'), await tenants.store('two')]
    await one.append(append('account-1'))
    expect([await countOf(one), await countOf(two), await tenants.store('one')]).toEqual([1, 0, one])
    await tenants.stop()
    expect([await forget(connectionString, 'tenant_one'), await forget(connectionString, 'tenant_one')]).toEqual([true, false])
  })

  it('run without a session of their own', async () => {
    const store = behindPooler(connectionString)
    await store.start()
    expect(await store.append(append('account-3'))).toMatchObject({ version: 1 })
    await store.stop()
  })

  it('run without a server', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'writ-sample-'))
    for (const version of [1, 2]) {
      const { store, stop } = await withoutServer(join(folder, 'data'), silentLogger)
      expect(await store.append(append('account-1'))).toMatchObject({ version })
      await stop()
    }
    await rm(folder, { recursive: true })
  })
})
