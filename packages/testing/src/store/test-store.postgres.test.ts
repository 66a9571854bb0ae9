import pg from 'pg'
import { type PostgresTestStore, testRuntime, testStore } from '../index.js'
import { schemaPrefix, startTestServer, stopTestServer } from './test-server.js'

const note = (id: string) => ({ id, type: 'noted', schemaVersion: 1, data: '{}', metadata: '{}', tags: [] })

async function schemasOf({ connectionString }: { connectionString: string }, prefix: string): Promise<string[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  const { rows } = await client.query('select nspname from pg_namespace where starts_with(nspname, $1) order by 1', [prefix])
  await client.end()
  return rows.map(({ nspname }) => nspname)
}

describe('a test store on PostgreSQL', () => {
  it('has schemas of its own, and drops them with all that they hold', async () => {
    const place = (await testStore({ on: 'postgres' })) as PostgresTestStore
    const store = place.open()
    await store.start()
    await place.pool.query('create table notes (text text)')
    await store.append({ stream: 'note-1', events: [note('00000001-0000-7000-8000-000000000001')] })
    const another = place.open()
    await another.start()
    expect((await another.head()).position).toBe(1)
    expect(await schemasOf(place, place.schema)).toEqual([place.schema, `${place.schema}_events`])
    await Promise.all([store.stop(), another.stop()])
    await Promise.all([place.close(), place.close()])
    expect(await schemasOf(place, place.schema)).toEqual([])
  })

  it('lets no virtual time pass while the server works', async () => {
    const runtime = testRuntime()
    const place = await testStore({ on: 'postgres', runtime })
    const store = place.open()
    await store.start()
    const times: number[] = []
    void runtime.sleep(1_000).then(async () => {
      for (let version = 1; version <= 5; version++) {
        await store.append({ stream: 'note-1', events: [note(runtime.uuid())] })
        for await (const page of store.readStream('note-1')) times.push(page.length * 10_000 + runtime.monotonic())
      }
    })
    void runtime.sleep(1_001).then(() => times.push(-1))
    await runtime.advance(2_000)
    expect(times).toEqual([11_000, 21_000, 31_000, 41_000, 51_000, -1])
    await store.stop()
    await place.close()
  })
})

describe('the server of a run', () => {
  const environment = process.env
  beforeEach(() => {
    process.env = { ...environment }
  })
  afterEach(() => {
    process.env = environment
  })

  it('is the one that DATABASE_URL names; what a run leaves there is removed, and nothing else', async () => {
    const connectionString = process.env.WRIT_TEST_DATABASE_URL!
    process.env.DATABASE_URL = connectionString
    await startTestServer()
    const prefix = schemaPrefix(process.env.WRIT_TEST_RUN!)
    const left = (await testStore({ on: 'postgres' })) as PostgresTestStore
    await left.pool.end()
    process.env.WRIT_TEST_RUN = `${process.env.WRIT_TEST_RUN}x`
    const other = (await testStore({ on: 'postgres' })) as PostgresTestStore
    process.env.WRIT_TEST_RUN = process.env.WRIT_TEST_RUN.slice(0, -1)
    expect(await schemasOf({ connectionString }, prefix)).toEqual([left.schema])
    await stopTestServer()
    expect(await schemasOf({ connectionString }, prefix)).toEqual([])
    expect(await schemasOf({ connectionString }, other.schema)).toEqual([other.schema])
    await other.close()
  })

  it('is an embedded one otherwise, which ends with the run', async () => {
    delete process.env.DATABASE_URL
    await startTestServer()
    const place = (await testStore({ on: 'postgres' })) as PostgresTestStore
    expect(place.connectionString).not.toBe(environment.WRIT_TEST_DATABASE_URL)
    await place.close()
    await stopTestServer()
    await expect(schemasOf(place, '')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
