import { join } from 'node:path'
import { closingAfterEach, testDatabase, testProcesses, until } from '@writ/build-tools'
import { EventTypes } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { appendTo, Deposited } from '../../test/bank-events.js'
import { openLedger } from '../../test/ledger.js'
import { eventHandler, on, projection, Subscriptions } from '../index.js'

const script = join(__dirname, '../../test/parking-process.mjs')
const POISON = [2, 12]

// Where it is killed, and how often it passes that place before: the first ones while it parks, the later ones while it retries.
const events = ['subscription.beforeCheckpoint', 'subscription.afterCheckpoint'].flatMap((place) =>
  [1, 3].map((time) => ['event-handler', `${place}:${time}`] as const),
)
const rows = ['subscription.beforeCommit', 'subscription.afterCommit', 'subscription.afterCheckpoint'].flatMap((place) =>
  [1, 3].map((time) => ['projection', `${place}:${time}`] as const),
)

describe('a process that parks and retries on PostgreSQL', () => {
  const { connectionString } = testDatabase()
  const start = testProcesses()
  const pool = new pg.Pool({ connectionString, max: 2 })
  const closeLater = closingAfterEach()
  afterAll(() => pool.end())

  async function open(kind: string) {
    const { schema } = testDatabase()
    const ledger = await openLedger(pool, closeLater)
    const store = postgresEventStore({ connectionString, schema, poolSize: 3 })
    await store.start()
    closeLater(() => store.stop())
    const name = kind === 'projection' ? 'failing@1' : 'failing'
    // Never started: it looks and decides, as a console does.
    const looking = new Subscriptions({ store, events: new EventTypes([Deposited]) })
    looking.add(
      kind === 'projection'
        ? projection({ name: 'failing', on: [on(Deposited, () => {})] })
        : eventHandler({ name, on: [on(Deposited, () => {})] }),
    )
    const work = (failpoints = '') => start(script, [connectionString, schema, ledger, kind], { failpoints })
    const handled = async (account: string) =>
      (await pool.query(`select position::int from ${ledger}.handled where account = $1 order by id`, [account])).rows.map(
        ({ position }) => position as number,
      )
    const parked = async () => (await looking.parked('failing').list()).map(({ position }) => position)
    const checkpoint = async () => (await store.checkpoints.list(name))[0]?.checkpoint
    const poison = (amounts: readonly number[]) =>
      pool.query(`with gone as (delete from ${ledger}.poison) insert into ${ledger}.poison select unnest($1::int[])`, [amounts])
    return { store, looking: looking.parked('failing'), work, handled, parked, checkpoint, poison }
  }

  it.each([...events, ...rows])('loses nothing and keeps the order: %s, killed at %s', async (kind, failpoint) => {
    const { store, looking, work, handled, parked, checkpoint, poison } = await open(kind)
    await poison(POISON)
    await appendTo(store, 'a', 1, 2, 3)
    await appendTo(store, 'b', 11, 12, 13)
    await appendTo(store, 'c', 21)
    const killed = work(`${failpoint}=SIGKILL`)
    void killed.ended().then(() => work())
    // Whether it was killed by now or will be while it retries: what is parked is so in the step of the checkpoint.
    await until('all is handled or parked', async () => (await checkpoint()) === 7)
    expect(await parked()).toEqual([2, 3, 5, 6])
    const once = (positions: readonly number[]) => [...new Set(positions)]
    expect([once(await handled('a')), once(await handled('b')), once(await handled('c'))]).toEqual([[1], [4], [7]])
    await poison([12])
    await looking.retry('all')
    await until('one sequence is through', async () => (await parked()).join() === '5,6')
    await poison([])
    await appendTo(store, 'b', 14)
    await until('what is parked is through', async () => {
      // An attempt that was under way fails for what was wrong when it began, so it is decided again.
      await looking.retry('all')
      return (await parked()).length === 0
    })
    await until('all is handled', async () => (await checkpoint()) === 8)
    const order = [await handled('a'), await handled('b')]
    if (kind === 'projection')
      expect(order).toEqual([
        [1, 2, 3],
        [4, 5, 6, 8],
      ])
    else
      expect(order.map(once)).toEqual([
        [1, 2, 3],
        [4, 5, 6, 8],
      ])
  })
})
