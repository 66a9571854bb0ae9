import { testDatabase, testProcesses, until } from '@writ/build-tools'
import { type EventStore, EventTypes, newEvent, type ReadAllOptions, systemRuntime } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { append, Deposited, deposited } from '../../test/bank-events.js'
import { TcpProxy } from '../../test/tcp-proxy.js'
import { Worker } from '../../test/worker.js'
import { eventHandler, on, Subscriptions } from '../index.js'

describe('wake-ups on PostgreSQL are only hints:', () => {
  const { connectionString } = testDatabase()
  const start = testProcesses()
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
    const worker = new Worker(start, {
      connectionString: proxy.connectionString,
      schema,
      readModel,
      name: 'worker',
      lease: 5_000,
    })
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
      expect(worker.process.complaints).toBe('')
    } finally {
      await worker.process.kill()
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

  it('what this process appends is handled without a read, and what others append between it all the same, each once and in order', async () => {
    const { schema } = testDatabase()
    const [here, there] = [0, 0].map(() => postgresEventStore({ connectionString, schema, poolSize: 2 }))
    await Promise.all([here!.start(), there!.start()])
    let reads = 0
    const counting: EventStore<SqlTransaction> = Object.create(here!, {
      readAll: {
        value: (options?: ReadAllOptions) => {
          reads++
          return here!.readAll(options)
        },
      },
    })
    const positions: number[] = []
    const subscriptions = new Subscriptions({ store: counting, events: new EventTypes([Deposited]) })
    subscriptions.add(
      eventHandler({ name: 'recorder', on: [on(Deposited, (_, { event: { position } }) => void positions.push(position))] }),
    )
    await subscriptions.start()
    const appendTo = (store: EventStore, account: string, count: number) =>
      Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const stream = `account-${account}${index % 10}`
          return (await store.append({ stream, events: [newEvent(deposited(index), systemRuntime.uuid())] })).position
        }),
      )
    try {
      const first = await append(here!, deposited(1))
      await subscriptions.waitFor(first, ['recorder'], { timeout: 20_000 })
      reads = 0
      let last = first
      for (let amount = 1; amount <= 200; amount++) last = await append(here!, deposited(amount))
      await subscriptions.waitFor(last, ['recorder'], { timeout: 20_000 })
      // It looks by itself once a second, and twice where it finds nothing.
      expect(reads).toBeLessThan(100)
      expect(positions).toHaveLength(201)
      let appended: number[] = []
      for (let round = 0; round < 20; round++) {
        const both = await Promise.all([appendTo(here!, 'a', 40), appendTo(there!, 'b', 40)])
        appended = [...appended, ...both.flat()]
      }
      await subscriptions.waitFor(Math.max(...appended), ['recorder'], { timeout: 20_000 })
      expect(positions.slice(201)).toEqual(appended.sort((a, b) => a - b))
    } finally {
      await subscriptions.stop()
      await Promise.all([here!.stop(), there!.stop()])
    }
  })
})
