import { testStore } from '../index.js'

describe('a test store', () => {
  const environment = process.env
  beforeEach(() => {
    process.env = { ...environment }
    delete process.env.WRIT_TEST_STORE
  })
  afterEach(() => {
    process.env = environment
  })

  it('is in memory when nothing else is said', async () => {
    expect((await testStore()).on).toBe('memory')
    process.env.WRIT_TEST_STORE = ''
    expect((await testStore()).on).toBe('memory')
  })

  it('opens stores that see the same events', async () => {
    const place = await testStore()
    const [one, other] = [place.open(), place.open()]
    await Promise.all([one.start(), other.start()])
    await one.append({ stream: 'note-1', events: [note('00000001-0000-7000-8000-000000000001')] })
    expect((await other.head()).position).toBe(1)
    await Promise.all([one.stop(), other.stop(), place.close()])
    expect((await (await startedStore()).head()).position).toBe(0)
  })

  it('refuses stores that it does not know, and suggests the nearest', async () => {
    process.env.WRIT_TEST_STORE = 'postgre'
    await expect(testStore()).rejects.toMatchObject({
      code: 'test-store-unavailable',
      message: "WRIT_TEST_STORE is 'postgre', and there is no such test store: 'postgres' may be meant.",
    })
  })

  it('says what to do when there is no server', async () => {
    process.env.WRIT_TEST_STORE = 'postgres'
    delete process.env.WRIT_TEST_DATABASE_URL
    delete process.env.DATABASE_URL
    await expect(testStore()).rejects.toMatchObject({
      code: 'test-store-unavailable',
      message: expect.stringContaining('neither DATABASE_URL nor a global setup has named one. Set DATABASE_URL; or install'),
    })
    process.env.WRIT_TEST_DATABASE_ERROR = 'no binaries for this machine'
    await expect(testStore()).rejects.toMatchObject({
      message: expect.stringContaining('there is no server: no binaries for this'),
    })
  })

  it('says why a server takes no schema', async () => {
    process.env.WRIT_TEST_DATABASE_URL = 'postgres://nobody@127.0.0.1:1/none'
    await expect(testStore({ on: 'postgres' })).rejects.toMatchObject({
      code: 'test-store-unavailable',
      message: expect.stringContaining('No schema could be made for these tests'),
    })
  })

  async function startedStore() {
    const store = (await testStore()).open()
    await store.start()
    return store
  }
})

const note = (id: string) => ({ id, type: 'noted', schemaVersion: 1, data: '{}', metadata: '{}', tags: [] })
