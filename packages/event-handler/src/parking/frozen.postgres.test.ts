import { join } from 'node:path'
import { closingAfterEach, testDatabase, testProcesses, until } from '@writ/build-tools'
import { EventTypes } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { appendTo, Deposited } from '../../test/bank-events.js'
import { openLedger } from '../../test/ledger.js'
import { eventHandler, on, projection, type SubscriptionStatus, Subscriptions } from '../index.js'

const script = join(__dirname, '../../test/parking-process.mjs')

describe('a process that is frozen past its lease while it parks on PostgreSQL', () => {
  const { connectionString } = testDatabase()
  const start = testProcesses()
  const pool = new pg.Pool({ connectionString, max: 2 })
  const closeLater = closingAfterEach()
  afterAll(() => pool.end())

  // It stops itself just before what is parked is sent, or just after it was stored.
  it.each([
    ['event-handler', 'subscription.beforeCheckpoint:1'],
    ['event-handler', 'subscription.afterCheckpoint:1'],
    ['projection', 'subscription.beforeCheckpoint:1'],
    ['projection', 'subscription.afterCheckpoint:1'],
  ])('parks nothing twice, loses nothing, and is fenced when it goes on: %s, at %s', async (kind, failpoint) => {
    const { schema } = testDatabase()
    const ledger = await openLedger(pool, closeLater)
    const store = postgresEventStore({ connectionString, schema, poolSize: 3 })
    await store.start()
    closeLater(() => store.stop())
    const looking = new Subscriptions({ store, events: new EventTypes([Deposited]) })
    const nothing = { name: 'failing', on: [on(Deposited, () => {})] }
    looking.add(kind === 'projection' ? projection(nothing) : eventHandler(nothing))
    const parked = looking.parked('failing')
    const positions = async () => (await parked.list()).map(({ position }) => position)
    const row = async () => (await store.checkpoints.list(kind === 'projection' ? 'failing@1' : 'failing'))[0]
    const work = (failpoints = '') =>
      start<{ status: SubscriptionStatus }>(script, [connectionString, schema, ledger, kind], { failpoints })

    await pool.query(`insert into ${ledger}.poison values (1), (12)`)
    await appendTo(store, 'a', 1, 2)
    await appendTo(store, 'b', 11, 12, 13)
    const frozen = work(`${failpoint}=SIGSTOP`)
    await until('it has the lease', async () => (await row())?.owner !== undefined)
    const { owner } = (await row())!
    work()
    await until('the other has taken over, and all is handled or parked', async () => {
      const now = await row()
      return now?.owner !== undefined && now.owner !== owner && now.checkpoint === 5
    })
    expect(await positions()).toEqual([1, 2, 4, 5])
    const before = await parked.list()
    expect(before.map(({ attempts }) => attempts.length)).toEqual([1, 0, 1, 0])

    // What it told when it began is none of its answer.
    frozen.newest = undefined
    frozen.thaw()
    await until('it has noticed, and stands by', () => frozen.newest?.status.state === 'standby')
    expect(await parked.list()).toEqual(before)
    await appendTo(store, 'a', 3)
    await until('what comes next waits, too', async () => (await positions()).join() === '1,2,4,5,6')

    await pool.query(`delete from ${ledger}.poison`)
    await until('what is parked is through', async () => {
      await parked.retry('all')
      return (await positions()).length === 0
    })
    await until('all is stored', async () => (await row())!.checkpoint === 6)
    const handled = async (account: string) => {
      const { rows } = await pool.query(`select position::int from ${ledger}.handled where account = $1 order by id`, [account])
      return rows.map(({ position }) => position as number)
    }
    const seen = [await handled('a'), await handled('b')]
    // A handler's effects are out of the store's reach: they may come twice, and in their order.
    expect(kind === 'projection' ? seen : seen.map((account) => [...new Set(account)])).toEqual([
      [1, 2, 6],
      [3, 4, 5],
    ])
  })
})
