import { testDatabase } from '@writ/build-tools'
import { adminClient, closeAfterAll, newEvent, openStore } from '../test/test-store.js'

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
