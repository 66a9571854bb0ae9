import { testDatabase } from '@writ/build-tools'
import { hasCode, type StoreUnavailableError } from '@writ/event-store'
import pg from 'pg'
import { proxyTo } from '../test/proxy.js'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../test/test-store.js'
import { postgresEventStore } from './postgres-event-store.js'

closeAfterAll()
describe('Appends whose connections are ended by the server', () => {
  it('are all acknowledged, and stored exactly once, in order', async () => {
    const { connectionString, schema } = testDatabase()
    const applicationName = `faulty_${schema}`
    const pool = new pg.Pool({ connectionString, max: 4, application_name: applicationName })
    const store = await openStore({ pool, schema })
    const admin = await adminClient()
    let isDone = false
    const acknowledged: string[] = []
    // On a busy machine a new connection takes its time: who never gets to work can't be interrupted.
    const killer = (async () => {
      let killed = 0
      while (!isDone) {
        const { rows } = await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
          applicationName,
        ])
        killed += rows.length
        const before = acknowledged.length
        const end = performance.now() + 2_000
        do await new Promise((resolve) => setTimeout(resolve, 80))
        while (!isDone && acknowledged.length === before && performance.now() < end)
      }
      return killed
    })()
    const appendAll = async (writer: number) => {
      for (const version of times(150, (index) => index)) {
        const event = newEvent()
        const answer = await store.append({
          stream: `writer-${writer}`,
          events: [event],
          ...(writer % 2 ? { expectedVersion: version } : {}),
        })
        expect(answer.version).toBe(version + 1)
        acknowledged.push(event.id)
      }
    }
    await Promise.all(times(20, appendAll)).finally(() => {
      isDone = true
    })
    expect(await killer).toBeGreaterThan(5)
    // The listener's connection and idle ones were killed as well; nothing of that may reach the process.
    const stored = (await eventually(() => readEverything(store))).map(({ id }) => id)
    expect(stored).toHaveLength(acknowledged.length)
    expect(new Set(stored)).toEqual(new Set(acknowledged))
    await store.stop()
    await pool.end()
  })
})

describe('A server that stops answering', () => {
  it('costs an append its statement timeout; it fails as one that may have been stored, and is stored once when repeated', async () => {
    const { connectionString, schema } = testDatabase()
    const proxy = await proxyTo(connectionString)
    const store = await openStore({ connectionString: proxy.connectionString, schema, statementTimeout: 1_000, retryFor: 0 })
    await store.append({ stream: 's', events: [newEvent()] })
    proxy.freeze()
    const append = { stream: 's', events: [newEvent()] }
    const failure = await store.append(append).catch((error: unknown) => error)
    expect(hasCode<StoreUnavailableError>(failure, 'store-unavailable') && failure.mayBeCommitted).toBe(true)
    const reading = await readEverything(store).catch((error: unknown) => error)
    expect(hasCode<StoreUnavailableError>(reading, 'store-unavailable') && !reading.mayBeCommitted).toBe(true)
    proxy.thaw()
    proxy.cut()
    expect(await eventually(() => store.append(append))).toMatchObject({ version: 2 })
    expect(await readEverything(store)).toHaveLength(2)
  })

  it('lets waiting appends through by itself when it is back', async () => {
    const { connectionString, schema } = testDatabase()
    const proxy = await proxyTo(connectionString)
    const store = await openStore({ connectionString: proxy.connectionString, schema, statementTimeout: 1_000 })
    proxy.freeze()
    const appended = Promise.all(times(20, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    proxy.thaw()
    expect(await appended).toHaveLength(20)
    expect(await readEverything(store)).toHaveLength(20)
  })
})

describe('A server that is not there', () => {
  it('makes the start fail with a typed error that holds no password; a later start works', async () => {
    const store = willClose(postgresEventStore({ connectionString: 'postgres://writ:hush-hush@127.0.0.1:9/writ' }))
    const failure = await store.start().catch((error: unknown) => error)
    expect(hasCode<StoreUnavailableError>(failure, 'store-unavailable') && failure.mayBeCommitted).toBe(false)
    expect(`${(failure as Error).message} ${((failure as Error).cause as Error).message}`).not.toContain('hush')
    await expect(store.append({ stream: 's', events: [newEvent()] })).rejects.toMatchObject({ code: 'store-not-running' })
  })

  it('makes an append fail as one that was certainly not stored', async () => {
    const { connectionString, schema } = testDatabase()
    const proxy = await proxyTo(connectionString)
    const store = await openStore({ connectionString: proxy.connectionString, schema, statementTimeout: 1_000, retryFor: 0 })
    // No connection was opened for appends yet, and none will be.
    proxy.freeze()
    const failure = await store.append({ stream: 's', events: [newEvent()] }).catch((error: unknown) => error)
    expect(hasCode<StoreUnavailableError>(failure, 'store-unavailable') && !failure.mayBeCommitted).toBe(true)
  })
})

async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (tries === 400) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
