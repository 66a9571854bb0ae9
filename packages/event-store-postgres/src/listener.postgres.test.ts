import { testDatabase } from '@writ/build-tools'
import { countingPool } from '../test/counting-pool.js'
import { adminClient, closeAfterAll, newEvent, openStore, times } from '../test/test-store.js'
import { until } from '../test/until.js'

closeAfterAll()

describe('The listener', () => {
  it('hears of another process, also after its connection was lost', async () => {
    const { connectionString, schema } = testDatabase()
    const [here, there] = [await openStore({ connectionString, schema }), await openStore({ connectionString, schema })]
    let woken = 0
    here.onAppended(() => woken++)
    const heard = async () => {
      const before = woken
      // The listener connects in its own time: what it missed meanwhile is the poll's to find.
      for (let tries = 0; woken === before && tries < 100; tries++) {
        await there.append({ stream: 's', events: [newEvent()] })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return woken > before
    }
    expect(await heard()).toBe(true)
    const admin = await adminClient()
    const { rowCount } = await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where query = $1', [
      `listen "writ:${schema}"`,
    ])
    expect(rowCount).toBe(2)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await heard()).toBe(true)
  })

  it('wakes this process when its own appends are durable, not sooner', async () => {
    const store = await openStore()
    const order: string[] = []
    await new Promise((resolve) => setTimeout(resolve, 200))
    store.onAppended(() => order.push('woken'))
    await store.append({ stream: 's', events: [newEvent()] }).then(() => order.push('acknowledged'))
    expect(order[0]).toBe('woken')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(order.filter((step) => step === 'woken')).toHaveLength(1)
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
