import { join } from 'node:path'
import { testDatabase, testProcesses } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'

const script = join(__dirname, '../../test/stored-process.mjs')

describe('a process with state-stored aggregates', () => {
  const { connectionString, schema } = testDatabase()
  const start = testProcesses()
  const admin = new pg.Client({ connectionString })
  const store = postgresEventStore({ connectionString, schema, poolSize: 3 })

  beforeAll(async () => {
    await store.start()
    await admin.connect()
    await admin.query(
      `create table ${schema}.killed (account text primary key, version integer not null, balance integer not null)`,
    )
  })
  afterAll(async () => {
    await store.stop()
    await admin.end()
  })

  /** @returns how it ended, and how many deposits it was told of */
  async function run(account: string, count: number, failpoints = '') {
    const depositing = start(script, [connectionString, schema, account, count], { failpoints })
    return { end: await depositing.ended(), answered: depositing.lines.length }
  }

  async function compare(account: string) {
    const { rows } = await admin.query(`select balance, version from ${schema}.killed where account = $1`, [account])
    const { rows: events } = await admin.query(
      `select count(*)::integer as count, coalesce(sum((data->>'amount')::integer), 0)::integer as sum from ${schema}.events where stream = $1`,
      [`killed-${account}`],
    )
    return { row: rows[0] ?? { balance: 0, version: 0 }, events: { balance: events[0].sum, version: events[0].count } }
  }

  it.each([
    ['stored.saved=SIGKILL', 0, 0],
    ['stored.saved:3=SIGKILL', 2, 2],
    ['stored.committed=SIGKILL', 1, 0],
    ['stored.committed:3=SIGKILL', 3, 2],
  ])('leaves row and events equal when it is killed at %s', async (failpoints, stored, answered) => {
    const account = failpoints.replaceAll(/\W/g, '')
    expect(await run(account, 5, failpoints)).toEqual({ end: 'SIGKILL', answered })
    const { row, events } = await compare(account)
    expect(row).toEqual(events)
    expect(row.balance).toBe(stored)
    // Its lock went with it: the next one goes on.
    expect(await run(account, 1)).toEqual({ end: 0, answered: 1 })
    expect((await compare(account)).row.balance).toBe(stored + 1)
  })

  it('and another one lose no deposit on one row', async () => {
    const ends = await Promise.all([run('shared', 50), run('shared', 50)])
    expect(ends).toEqual([
      { end: 0, answered: 50 },
      { end: 0, answered: 50 },
    ])
    const { row, events } = await compare('shared')
    expect(row).toEqual(events)
    expect(row).toEqual({ balance: 100, version: 100 })
  })
})
