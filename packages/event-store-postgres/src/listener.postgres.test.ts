import { testDatabase, until } from '@writ/build-tools'
import type { WrittenEvents } from '@writ/event-store'
import type pg from 'pg'
import { countingPool } from '../test/counting-pool.js'
import { proxyTo } from '../test/proxy.js'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times } from '../test/test-store.js'

closeAfterAll()

/** How many sessions listen to the appends of a schema. */
async function listening(admin: pg.Client, schema: string): Promise<number> {
  const { rows } = await admin.query("select from pg_stat_activity where query = $1 and state = 'idle'", [
    `listen "writ:${schema}"`,
  ])
  return rows.length
}

describe('The listener', () => {
  it('hears of another process, also after its connection was lost', async () => {
    const { connectionString, schema } = testDatabase()
    const [here, there] = [await openStore({ connectionString, schema }), await openStore({ connectionString, schema })]
    const admin = await adminClient()
    await until('both listen', async () => (await listening(admin, schema)) === 2)
    let woken = 0
    here.onAppended(() => woken++)
    const hears = async () => {
      const before = woken
      // It connects in its own time: what it missed meanwhile is the poll's to find.
      await there.append({ stream: 's', events: [newEvent()] })
      return woken > before
    }
    await until('it hears', hears)
    const { rowCount } = await admin.query('select pg_terminate_backend(pid, 10000) from pg_stat_activity where query = $1', [
      `listen "writ:${schema}"`,
    ])
    expect(rowCount).toBe(2)
    await until('it hears again', hears)
  })

  it('wakes everyone when it is back, for it was told of nothing meanwhile', async () => {
    const { connectionString, schema } = testDatabase()
    const proxy = await proxyTo(connectionString)
    const here = await openStore({ connectionString: proxy.connectionString, schema, statementTimeout: 2_000 })
    const there = await openStore({ connectionString, schema })
    const admin = await adminClient()
    await until('both listen', async () => (await listening(admin, schema)) === 2)
    // Whatever connects from now on gets no answer.
    proxy.freeze()
    proxy.cut()
    await until('it does not listen any more', async () => (await listening(admin, schema)) === 1)
    let woken = 0
    here.onAppended(() => woken++)
    await there.append({ stream: 's', events: [newEvent()] })
    expect(woken).toBe(0)
    proxy.thaw()
    await until('it was woken, with no other append', () => woken > 0)
    expect(await readEverything(here)).toHaveLength(1)
  })

  it('comes back each time that it is killed', async () => {
    const { connectionString, schema } = testDatabase()
    const [here, there] = [await openStore({ connectionString, schema }), await openStore({ connectionString, schema })]
    const admin = await adminClient()
    const woken = { here: 0, there: 0 }
    here.onAppended(() => woken.here++)
    there.onAppended(() => woken.there++)
    for (let round = 1; round <= 8; round++) {
      await until('both listen', async () => (await listening(admin, schema)) === 2)
      const before = { ...woken }
      await admin.query('select pg_terminate_backend(pid, 10000) from pg_stat_activity where query = $1', [
        `listen "writ:${schema}"`,
      ])
      await until('both are back, and have woken everyone', () => woken.here > before.here && woken.there > before.there)
    }
  })

  it('wakes this process when its own appends are durable, not sooner', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const admin = await adminClient()
    // It wakes everyone when it begins.
    await until('it listens', async () => (await listening(admin, schema)) === 1)
    await admin.query('select 1')
    const order: string[] = []
    store.onAppended(() => order.push('woken'))
    await store.append({ stream: 's', events: [newEvent()] }).then(() => order.push('acknowledged'))
    expect(order[0]).toBe('woken')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(order.filter((step) => step === 'woken')).toHaveLength(1)
  })
})

describe('A wake-up', () => {
  it('brings along what this process has written, by whatever way; of a repetition there is nothing to bring', async () => {
    const store = await openStore()
    const brought: (WrittenEvents | undefined)[] = []
    store.onAppended((written) => brought.push(written))
    const once = newEvent()
    const [one, two, three, four, five] = times(5, () => newEvent())
    await store.append({ stream: 'a', events: [once], expectedVersion: 0 })
    await store.append({ stream: 'a', events: [once], expectedVersion: 0 })
    await store.appendAll([
      { stream: 'a', events: [one!, two!] },
      { stream: 'b', events: [three!] },
    ])
    await store.transaction(async ({ append }) => {
      append({ stream: 'c', events: [four!], expectedVersion: 0 })
      append({ stream: 'a', events: [five!] })
    })
    await store.transaction(async ({ append }) => void append({ stream: 'd', events: [newEvent()], expectedVersion: 0 }))
    const told = brought.flatMap((written) => (written ? [written] : []))
    expect(told.map(({ after, upTo }) => [after, upTo])).toEqual([
      [0, 1],
      [1, 4],
      [4, 6],
      [6, 7],
    ])
    expect(told.flatMap(({ events }) => events)).toEqual(await readEverything(store))
    expect(brought.length).toBeGreaterThan(told.length)
  })
})

describe('A busy store', () => {
  it('tells other processes at most once a batch, and of the last one always', async () => {
    const { connectionString, schema } = testDatabase()
    const { pool, texts } = countingPool({ connectionString, max: 4 })
    const store = await openStore({ pool, schema })
    const listener = await adminClient()
    let told = 0
    let toldSince = 0
    listener.on('notification', () => {
      told++
      toldSince++
    })
    await listener.query(`listen "writ:${schema}"`)
    texts.length = 0
    for (let round = 0; round < 20; round++) {
      toldSince = 0
      await Promise.all(times(100, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    }
    const batches = texts.filter((text) => text.startsWith('call')).length
    await until('the last one was told of', () => toldSince > 0)
    await store.stop()
    // What was told before has arrived when this is answered.
    await listener.query('select 1')
    expect(told).toBeLessThanOrEqual(batches)
    expect(batches).toBeLessThan(20 * 100)
  })
})
