import { testDatabase, testProcesses, until } from '@writ/build-tools'
import { type EventStore, newEvent, systemRuntime } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { deposited } from '../../test/bank-events.js'
import { Worker } from '../../test/worker.js'

const LEASE = 1_500
const PARTITIONS = 4

jest.setTimeout(120_000)

describe('processes that share the partitions of a projection on PostgreSQL', () => {
  const { connectionString, schema } = testDatabase()
  const start = testProcesses()
  const readModel = testDatabase().schema
  const pool = new pg.Pool({ connectionString, max: 3 })
  let store: EventStore
  let endTraffic = async () => {}

  beforeAll(async () => {
    store = postgresEventStore({ connectionString, schema, poolSize: 3 })
    await store.start()
    await pool.query(`create schema ${readModel}; create table ${readModel}.ledger (position bigint, worker text)`)
  })
  afterEach(() => endTraffic())
  afterAll(async () => {
    await store.stop()
    await pool.end()
  })

  const work = (name: string) =>
    new Worker(start, { connectionString, schema, readModel, name, lease: LEASE, partitions: PARTITIONS })
  const deposit = async (amount: number, account: number) => {
    const events = [newEvent(deposited(amount, `a${account}`), systemRuntime.uuid())]
    return (await store.append({ stream: `account-${account}`, events })).position
  }
  const rows = async () =>
    (await pool.query(`select position::int, worker from ${readModel}.ledger order by position`)).rows as {
      position: number
      worker: string
    }[]
  const handledBy = async (name: string) => (await rows()).filter(({ worker }) => worker === name).length
  /** Appends to twenty streams until it is told to end. */
  const traffic = () => {
    let isEnding = false
    const running = (async () => {
      for (let count = 0; !isEnding; count++) await deposit(1, count % 20)
    })()
    endTraffic = async () => {
      isEnding = true
      await running
    }
  }
  /** There is no unique key that would see to it. */
  const expectExactlyOnce = async () => {
    await endTraffic()
    const all = await pool.query(`select position::int from ${schema}.events where type = 'deposited' order by position`)
    const positions = all.rows.map(({ position }) => position as number)
    await until('all were handled', async () => (await rows()).length >= positions.length)
    expect((await rows()).map(({ position }) => position)).toEqual(positions)
  }

  it('count each event once, while they come, go and are killed', async () => {
    const first = work('first')
    await until('the first has all', () => first.here === PARTITIONS)
    traffic()
    const second = work('second')
    await until('both have half', () => first.here === 2 && second.here === 2)
    const third = work('third')
    await until('all three have some', () => third.here === 1 && first.here + second.here === 3)
    await until('all three have handled some', async () => (await handledBy('third')) > 10)
    await first.process.kill()
    await until('the others have all', () => second.here === 2 && third.here === 2)
    const fourth = work('fourth')
    await until('the newcomer has its part', () => fourth.here === 1)
    expect(await second.process.terminate()).toBe(0)
    await until('the others have all again', () => third.here === 2 && fourth.here === 2)
    await expectExactlyOnce()
    expect([second, third, fourth].map(({ process }) => process.complaints)).toEqual(['', '', ''])
  })

  it('lose nothing to one that is frozen past its lease in the midst of a transaction; it changes nothing, and takes part again', async () => {
    const frozen = work('frozen')
    await until('the first has all', () => frozen.here === PARTITIONS)
    const healthy = work('healthy')
    await until('both have half', () => frozen.here === 2 && healthy.here === 2)
    const before = await handledBy('frozen')
    let held = 0
    for (let account = 0; held === 0; account++) {
      const position = await deposit(0, account)
      await until('someone handles it', () => frozen.handling === position || healthy.handling === position)
      if (frozen.handling === position) held = position
      else healthy.letGo()
    }
    frozen.process.freeze()
    await until('the other has all, and handles the same event', () => healthy.here === PARTITIONS && healthy.handling === held)
    healthy.letGo()
    traffic()
    await until('the other has gone on', async () => (await rows()).some(({ position }) => position > held))
    const ofFrozen = await handledBy('frozen')
    expect(ofFrozen).toBe(before)
    expect((await rows()).filter(({ position }) => position === held)).toEqual([{ position: held, worker: 'healthy' }])
    frozen.process.thaw()
    frozen.letGo()
    await until('it takes part again', () => frozen.here === 2 && healthy.here === 2)
    await until('and handles events', async () => (await handledBy('frozen')) > ofFrozen)
    await expectExactlyOnce()
    expect(frozen.process.complaints).toBe('')
  })

  it('lose nothing to one whose event loop is blocked for longer than its lease', async () => {
    const blocked = work('blocked')
    await until('the first has all', () => blocked.here === PARTITIONS)
    const healthy = work('well')
    await until('both have half', () => blocked.here === 2 && healthy.here === 2)
    traffic()
    await until('both have handled some', async () => (await handledBy('blocked')) > 10 && (await handledBy('well')) > 10)
    blocked.block(2 * LEASE)
    await until('the other has all', () => healthy.here === PARTITIONS)
    await until('it takes part again', () => healthy.here === 2 && blocked.here === 2)
    await expectExactlyOnce()
    expect(blocked.process.complaints).toBe('')
  })
})
