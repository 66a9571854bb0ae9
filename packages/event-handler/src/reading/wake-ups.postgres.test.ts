import { testDatabase } from '@writ/build-tools'
import { EventTypes } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { append, Deposited, deposited } from '../../test/bank-events.js'
import { TcpProxy } from '../../test/tcp-proxy.js'
import { until } from '../../test/until.js'
import { Worker } from '../../test/worker.js'
import { eventHandler, on, Subscriptions } from '../index.js'

describe('wake-ups on PostgreSQL are only hints:', () => {
  const { connectionString } = testDatabase()
  const pool = new pg.Pool({ connectionString, max: 3 })
  afterAll(() => pool.end())

  it('the last event that is ever appended reaches another process whose listening connection is dead', async () => {
    const { schema } = testDatabase()
    const readModel = testDatabase().schema
    await pool.query(`create schema ${readModel}; create table ${readModel}.ledger (position bigint, worker text)`)
    const handled = async () => (await pool.query(`select from ${readModel}.ledger`)).rowCount
    const store = postgresEventStore({ connectionString, schema, poolSize: 2 })
    await store.start()
    const proxy = new TcpProxy(`${connectionString}?application_name=${readModel}`)
    await proxy.open()
    const worker = new Worker(proxy.connectionString, schema, readModel, 'worker', 5_000)
    const listening = async () => {
      const { rowCount } = await pool.query(`select from pg_stat_activity where application_name = $1 and query like 'listen%'`, [
        readModel,
      ])
      return rowCount
    }
    try {
      await until('it listens', async () => worker.state === 'running' && (await listening()) === 1)
      await append(store, deposited(1))
      await until('it handles what it is told of', async () => (await handled()) === 1)
      proxy.deafen()
      await until('nothing tells it of appends any more', async () => (await listening()) === 0)
      await append(store, deposited(2))
      await until('it has found the last event', async () => (await handled()) === 2)
      expect(worker.complaints).toBe('')
    } finally {
      await worker.kill()
      await proxy.cut()
      await store.stop()
      await pool.query(`drop schema ${readModel} cascade`)
    }
  })

  it('a flood of them, more often than there are events, changes nothing but that the log is looked at', async () => {
    const { schema } = testDatabase()
    const [here, there] = [0, 0].map(() => postgresEventStore({ connectionString, schema, poolSize: 2 }))
    await Promise.all([here!.start(), there!.start()])
    const seen: number[] = []
    const subscriptions = new Subscriptions({ store: here!, events: new EventTypes([Deposited]) })
    subscriptions.add(
      eventHandler({ name: 'recorder', consistency: 'strong', on: [on(Deposited, ({ amount }) => void seen.push(amount))] }),
    )
    await subscriptions.start()
    let isFlooding = true
    let hints = 0
    const flood = async () => {
      for (; isFlooding; hints++) await pool.query(`select ${schema}.notify()`)
    }
    const flooding = Promise.all([flood(), flood()])
    try {
      let position = 0
      for (let amount = 1; amount <= 200; amount++) position = await append(there!, deposited(amount))
      await subscriptions.waitFor(position, 'strong', { timeout: 20_000 })
      expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
      await until('there were more hints than events', () => hints > 200)
    } finally {
      isFlooding = false
      await flooding
      await subscriptions.stop()
      await Promise.all([here!.stop(), there!.stop()])
    }
  })
})
