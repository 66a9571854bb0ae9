import { testDatabase, testProcesses, until } from '@writ/build-tools'
import { type EventStore, EventTypes } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { append, Deposited, deposited, withdrawn } from '../../test/bank-events.js'
import { Worker } from '../../test/worker.js'
import { on, type ProjectionContext, projection, Subscriptions } from '../index.js'

const LEASE = 1_500
/** Nobody waits for its end. */
const LONG = 600_000

describe('processes that share a projection on PostgreSQL', () => {
  const { connectionString, schema } = testDatabase()
  const start = testProcesses()
  const readModel = testDatabase().schema
  const pool = new pg.Pool({ connectionString, max: 3 })
  let store: EventStore<SqlTransaction>

  beforeAll(async () => {
    store = postgresEventStore({ connectionString, schema, poolSize: 3 })
    await store.start()
    await pool.query(
      `create schema ${readModel}; create table ${readModel}.ledger (position bigint, worker text, at timestamptz default clock_timestamp())`,
    )
  })
  afterAll(async () => {
    await store.stop()
    await pool.end()
  })

  const work = (name: string, lease = LEASE) => new Worker(start, { connectionString, schema, readModel, name, lease })
  const rows = async () =>
    (await pool.query(`select position::int, worker from ${readModel}.ledger order by at, position`)).rows as {
      position: number
      worker: string
    }[]
  const handledBy = async (name: string) => (await rows()).filter(({ worker }) => worker === name).length
  const deposits = async () => {
    const { rows } = await pool.query(`select position::int from ${schema}.events where type = 'deposited' order by position`)
    return rows.map(({ position }) => position as number)
  }
  /** Every deposit stands in the ledger once, and in order: there is no unique key that would see to it. */
  const expectExactlyOnce = async () => {
    await until('all were handled', async () => (await rows()).length >= (await deposits()).length)
    expect((await rows()).map(({ position }) => position)).toEqual(await deposits())
  }
  /** Appends until it is told to end. */
  const traffic = () => {
    let isEnding = false
    const running = (async () => {
      while (!isEnding) await append(store, deposited(1))
    })()
    return async () => {
      isEnding = true
      await running
    }
  }

  it('go on when the lease of the one at work, which was killed, has expired', async () => {
    const first = work('killed')
    await until('the first runs', () => first.state === 'running')
    const second = work('heir')
    await until('the second stands by', () => second.state === 'standby')
    expect(second.status).toMatchObject({ heldBy: 'killed' })
    const endTraffic = traffic()
    await until('the first has handled some', async () => (await handledBy('killed')) > 50)
    await first.process.kill()
    await until('the second handles', async () => (await handledBy('heir')) > 0)
    await endTraffic()
    await expectExactlyOnce()
  })

  it('go on at once when the one at work is stopped in order', async () => {
    const first = work('leaving', LONG)
    await until('the first runs', () => first.state === 'running')
    const second = work('staying', LONG)
    await until('the second stands by', () => second.state === 'standby')
    const endTraffic = traffic()
    await until('the first has handled some', async () => (await handledBy('leaving')) > 10)
    expect(await first.process.terminate()).toBe(0)
    await until('the second handles', async () => (await handledBy('staying')) > 0)
    await endTraffic()
    await expectExactlyOnce()
    expect(first.process.complaints).toBe('')
    // Whoever comes next is not to wait for its lease.
    await second.process.terminate()
  })

  it('are not disturbed by a zombie: frozen past its lease in the midst of a transaction, it changes nothing when it wakes', async () => {
    const zombie = work('zombie')
    await until('it runs', () => zombie.state === 'running')
    const healthy = work('healthy')
    await until('the other stands by', () => healthy.state === 'standby')
    const held = await append(store, deposited(0))
    await until('it is at work', () => zombie.handling === held)
    zombie.process.freeze()
    await until('the other has taken over and handles the same event', () => healthy.handling === held)
    healthy.letGo()
    const next = await append(store, deposited(1))
    await until('the other has gone on', async () => (await rows()).some(({ position }) => position === next))
    const before = await rows()
    zombie.process.thaw()
    zombie.letGo()
    await until('it has noticed', () => zombie.state === 'standby' && zombie.status?.heldBy === 'healthy')
    expect(await rows()).toEqual(before)
    expect(await handledBy('zombie')).toBe(0)
    await append(store, deposited(2))
    await expectExactlyOnce()
    expect(zombie.process.complaints).toBe('')
  })

  it('let another process wait for what they do', async () => {
    const worker = work('worker')
    await until('it runs', () => worker.state === 'running')
    const ledger = projection<SqlTransaction>({
      name: 'ledger',
      consistency: 'strong',
      on: [on(Deposited, (_, __: ProjectionContext<SqlTransaction>) => {})],
    })
    const subscriptions = new Subscriptions({
      store,
      events: new EventTypes([Deposited]),
      owner: 'waiting',
      leaseMilliseconds: LEASE,
    })
    subscriptions.add(ledger)
    await subscriptions.start()
    try {
      for (let round = 0; round < 20; round++) {
        const position = await append(store, deposited(1))
        await subscriptions.waitFor(position)
        expect((await rows()).at(-1)).toEqual({ position, worker: 'worker' })
        await subscriptions.waitFor(await append(store, withdrawn(1)))
      }
      const held = await append(store, deposited(0))
      await expect(subscriptions.waitFor(held, ['ledger'], { timeout: 100 })).rejects.toMatchObject({
        code: 'committed-not-yet-visible',
        handlers: ['ledger@1'],
      })
      await until('the worker has it', () => worker.handling === held)
      worker.letGo()
      await subscriptions.waitFor(held)
    } finally {
      await subscriptions.stop()
    }
  })
})
