import { join } from 'node:path'
import { closingAfterEach, testDatabase, testProcesses, until } from '@writ/build-tools'
import { EventTypes } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { appendTo, Deposited } from '../test/bank-events.js'
import { openLedger } from '../test/ledger.js'
import { TcpProxy } from '../test/tcp-proxy.js'
import { VirtualRuntime } from '../test/virtual-runtime.js'
import { eventHandler, on, parkAtOnce, type SubscriptionStatus, Subscriptions } from './index.js'

const script = join(__dirname, '../test/parking-process.mjs')
/** Its third is longer than any test. */
const LONG = 600_000
const SHORT = 600

describe('what one process does to a subscription on PostgreSQL, where another one runs it,', () => {
  const { connectionString } = testDatabase()
  const start = testProcesses()
  const pool = new pg.Pool({ connectionString, max: 2 })
  const closeLater = closingAfterEach()
  afterAll(() => pool.end())

  /** One process runs it, behind a proxy; this one has a part in it, and steers. */
  async function open(leaseMilliseconds: number) {
    const { schema } = testDatabase()
    const ledger = await openLedger(pool, closeLater)
    const store = postgresEventStore({ connectionString, schema, poolSize: 3 })
    await store.start()
    closeLater(() => store.stop())
    const proxy = new TcpProxy(`${connectionString}?application_name=${ledger}`)
    await proxy.open()
    closeLater(() => proxy.cut())
    const there = start<{ status: SubscriptionStatus }>(script, [
      proxy.connectionString,
      schema,
      ledger,
      'event-handler',
      leaseMilliseconds,
    ])
    closeLater(() => there.kill())
    const is = (what: string, condition: (status: SubscriptionStatus) => boolean) =>
      until(what, () => there.newest !== undefined && condition(there.newest.status))
    await is('it runs there', ({ state }) => state === 'running')
    const subscriptions = new Subscriptions({ store, events: new EventTypes([Deposited]), leaseMilliseconds })
    const handledHere: number[] = []
    const handle = on(Deposited, (_, { event: { position } }) => void handledHere.push(position))
    subscriptions.add(eventHandler({ name: 'failing', onError: parkAtOnce, on: [handle] }))
    await subscriptions.start()
    closeLater(() => subscriptions.stop())
    const listening = async () => {
      const { rowCount } = await pool.query(
        `select from pg_stat_activity where application_name = $1 and query like 'listen%' and state = 'idle'`,
        [ledger],
      )
      return rowCount
    }
    await until('it listens', async () => (await listening()) === 1)
    const handled = async () =>
      (await pool.query(`select position::int from ${ledger}.handled order by id`)).rows.map(({ position }) => position as number)
    const poison = (amounts: readonly number[]) =>
      pool.query(`with gone as (delete from ${ledger}.poison) insert into ${ledger}.poison select unnest($1::int[])`, [amounts])
    const checkpoint = async () => (await store.checkpoints.list('failing'))[0]!.checkpoint
    return { store, proxy, there, is, subscriptions, handledHere, listening, handled, poison, checkpoint }
  }

  it.each([
    ['reaches it at once, however far away its next heartbeat is', LONG, 'hears'],
    ['reaches it by its next heartbeat where its listening connection is dead', SHORT, 'is deaf'],
  ])('%s', async (_, lease, ear) => {
    const { store, proxy, there, is, subscriptions, handledHere, listening, handled, poison, checkpoint } = await open(lease)
    if (ear === 'is deaf') {
      proxy.deafen()
      await until('it does not listen any more', async () => (await listening()) === 0)
    }
    await poison([2])
    await appendTo(store, 'a', 1, 2, 3)
    await appendTo(store, 'b', 11)
    await until('all is handled or parked', async () => (await checkpoint()) === 4)

    await subscriptions.pause('failing')
    await is('it rests', ({ state }) => state === 'paused')
    await appendTo(store, 'b', 12)
    await subscriptions.resume('failing')
    await until('it goes on', async () => (await handled()).includes(5))

    await poison([])
    await subscriptions.parked('failing').retry('all')
    await is('what was parked is through', ({ parked }) => parked === 0)
    expect(await handled()).toEqual([1, 4, 5, 2, 3])
    await until('all of that is stored', async () => (await checkpoint()) === 5)

    await subscriptions.reset('failing', { to: 'origin' })
    await until('all came again', async () => (await handled()).length === 10)
    expect((await handled()).slice(5)).toEqual([1, 2, 3, 4, 5])
    expect(handledHere).toEqual([])
    expect(there.complaints).toBe('')
  })
})

describe('a process on PostgreSQL for which time stands still', () => {
  const { connectionString } = testDatabase()
  const closeLater = closingAfterEach()

  it('does what others have decided on what it has parked, and what they have made of its subscription', async () => {
    const { schema } = testDatabase()
    const runtime = new VirtualRuntime()
    let isBroken = true
    const seen: number[] = []
    const definition = eventHandler({
      name: 'recorder',
      onError: parkAtOnce,
      checkpoint: { events: 1 },
      on: [
        on(Deposited, ({ amount }) => {
          if (isBroken) throw new Error('no disk')
          seen.push(amount)
        }),
      ],
    })
    const process = async (options: { readonly runtime?: VirtualRuntime }) => {
      const store = postgresEventStore({ connectionString, schema, poolSize: 3 })
      await store.start()
      closeLater(() => store.stop())
      const subscriptions = new Subscriptions({ store, events: new EventTypes([Deposited]), leaseMilliseconds: LONG, ...options })
      subscriptions.add(definition)
      await subscriptions.start()
      closeLater(() => subscriptions.stop())
      return { store, subscriptions, status: () => subscriptions.status()[0]! }
    }
    const there = await process({ runtime })
    await until('it runs there', () => there.status().state === 'running')
    const here = await process({})
    const parked = () => here.store.parked.list('recorder')
    let appended = 0
    await until('what is appended is parked there', async () => {
      // Its listening connection comes in its own time.
      await appendTo(here.store, `a${++appended}`, appended)
      return (await parked()).length > 2
    })
    isBroken = false
    await here.subscriptions.parked('recorder').discard({ sequence: 'account-a1' })
    await until('one is gone', async () => (await parked()).every(({ sequence }) => sequence !== 'account-a1'))
    expect(seen.includes(1)).toBe(false)
    await here.subscriptions.parked('recorder').retry({ sequence: 'account-a2' })
    await until('another one was handled', () => seen.includes(2))
    await here.subscriptions.pause('recorder')
    await until('it rests there', () => there.status().state === 'paused')
    expect(runtime.monotonic()).toBe(0)
  })
})
