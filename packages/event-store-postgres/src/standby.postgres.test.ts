// What a store is worth when its server is lost and a standby takes its place: real servers, one streaming to the other.

import { until } from '@writ/build-tools'
import type { StoredEvent } from '@writ/event-store'
import { PrivateServer } from '../test/private-server.js'
import { proxyTo, type ServerProxy } from '../test/proxy.js'
import { closeAfterAll, newEvent, openStore, readEverything, times } from '../test/test-store.js'

jest.setTimeout(60_000) // Real servers, on machines that are busy with other tests.
closeAfterAll()

const schema = 'writ'
const isUnavailable = { code: 'store-unavailable' }

let primary: PrivateServer
let standby: PrivateServer
let proxy: ServerProxy
beforeEach(async () => {
  primary = await PrivateServer.start()
  await (await openStore({ connectionString: primary.connectionString, schema })).stop()
  standby = await PrivateServer.standbyOf(primary)
  proxy = await proxyTo(primary.connectionString)
})
afterEach(async () => {
  await primary.remove()
  await standby.remove()
})

/** A store that finds the standby where its server was, once the proxy leads there. */
const open = (options: { statementTimeout?: number; retryFor?: number } = {}) =>
  openStore({ connectionString: proxy.connectionString, schema, retryFor: 30_000, ...options })

async function streams(state: 'async' | 'sync'): Promise<void> {
  await until(`the standby streams (${state})`, async () => {
    const [row] = await primary.execute<{ sync_state: string }>('select sync_state from pg_stat_replication')
    return row?.sync_state === state
  })
}

async function waitForStandby(): Promise<void> {
  await streams('async')
  await primary.execute("alter system set synchronous_standby_names = '*'")
  await primary.execute('select pg_reload_conf()')
  await streams('sync')
}

const waiting = async () =>
  (await primary.execute(`select from pg_stat_activity where wait_event = 'SyncRep' and state = 'active'`)).length

describe('Where a standby has to answer', () => {
  it('an append is acknowledged, and an event given to a durable reader, when the standby has it, and not before', async () => {
    await waitForStandby()
    const [store, other] = [await open(), await open()]
    expect(await store.append({ stream: 's', events: [newEvent()] })).toEqual({ version: 1, position: 1 })
    await standby.stop()

    const answered: string[] = []
    const answering = <T>(what: string, answer: Promise<T>): Promise<T> => {
      answer.then(
        () => answered.push(what),
        () => answered.push(`${what} failed`),
      )
      return answer
    }
    const appended = answering('append', store.append({ stream: 's', events: [newEvent()] }))
    await until('the append waits for the standby', async () => (await waiting()) === 1)
    const plain: StoredEvent[] = []
    for await (const page of other.readAll({ durable: false })) plain.push(...page)
    expect(plain.map(({ position }) => position)).toEqual([1, 2])
    // On the primary's own disk it is by now: the append waits for nothing else.
    const read = answering('read', readEverything(other))
    const head = answering('head', other.head())
    await until('the readers wait as well', async () => (await waiting()) === 3)
    expect(answered).toEqual([])

    await standby.start()
    expect(await appended).toEqual({ version: 2, position: 2 })
    expect((await read).map(({ position }) => position)).toEqual([1, 2])
    expect(await head).toMatchObject({ position: 2 })
  })

  it('and none does, an append says that it may be stored; it is acknowledged when it is sent again and one is back', async () => {
    await waitForStandby()
    const store = await open({ statementTimeout: 1_000, retryFor: 2_000 })
    await standby.stop()
    const append = { stream: 's', events: [newEvent()] }
    await expect(store.append(append)).rejects.toMatchObject({ ...isUnavailable, mayBeCommitted: true })
    await standby.start()
    expect(await store.append(append)).toEqual({ version: 1, position: 1 })
  })

  it('and it takes the place of a server that is lost under load, it has all that was acknowledged, and the stores go on', async () => {
    await waitForStandby()
    const store = await open()
    const acknowledged: number[] = []
    let isDone = false
    const appending = Promise.all(
      times(8, async (writer) => {
        while (!isDone) {
          const { position } = await store.append({ stream: `writer-${writer}`, events: [newEvent()] })
          acknowledged.push(position)
        }
      }),
    )
    const appends = async (count: number) => {
      const before = acknowledged.length
      await until('it appends', () => acknowledged.length >= before + count, 30_000)
    }
    await appends(100)
    await primary.crash('kill')
    await standby.execute('select pg_promote()')
    proxy.leadTo(standby.connectionString)
    await appends(100)
    isDone = true
    await appending
    const events = await readEverything(store)
    expect([...acknowledged].sort((a, b) => a - b)).toEqual(events.map(({ position }) => position))
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  })
})

describe('A standby that has lagged behind', () => {
  it('is no rewound log while it may catch up, and is one when it is promoted', async () => {
    await streams('async')
    const store = await open({ retryFor: 0 })
    await store.append({ stream: 's', events: times(3, () => newEvent()) })
    await until('the standby has it', async () => {
      const [row] = await standby.execute<{ count: number }>(`select count(*)::int as count from ${schema}.events`)
      return row!.count === 3
    })
    await standby.stop()
    const lost = times(2, () => newEvent())
    await store.append({ stream: 's', events: lost })
    const { incarnation } = await store.head()
    await primary.crash('kill')
    await standby.start()

    proxy.leadTo(standby.connectionString)
    const append = { stream: 's', events: [newEvent()], expectedVersion: 5 }
    const notYet = {
      ...isUnavailable,
      mayBeCommitted: false,
      cause: { message: expect.stringContaining('has not been promoted') },
    }
    await until('the cut connections are gone', async () => {
      const error = await store.append(append).catch((refused: unknown) => refused)
      expect(error).toMatchObject(isUnavailable)
      return !(error as { mayBeCommitted: boolean }).mayBeCommitted
    })
    await expect(store.append(append)).rejects.toMatchObject(notYet)

    await standby.execute('select pg_promote()')
    await expect(store.append(append)).rejects.toMatchObject({
      code: 'log-rewound',
      lastKnown: { incarnation, position: 5, eventId: lost[1]!.id },
      found: { incarnation, head: 3 },
    })
    await store.stop()
    await store.start()
    expect(await store.append({ ...append, expectedVersion: 3 })).toEqual({ version: 4, position: 4 })
  })
})
