import 'reflect-metadata'
import { testDatabase } from '@writ/build-tools'
import { eventHandler, on } from '@writ/event-handler'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { describeAggregates } from '../../test/parity/describe-aggregates.js'
import { Deposit, Deposited, savings } from '../../test/savings.js'
import { Application } from '../index.js'

// A database on a busy machine takes its time.
const database = testDatabase()
describeAggregates('PostgreSQL', () => postgresEventStore(database))

describe('on PostgreSQL, more appends than may wait', () => {
  it('are answered with overloaded; nothing of them is stored, and the others go on', async () => {
    const store = postgresEventStore({ ...testDatabase(), maxWaitingAppends: 4 })
    const app = await Application.create({ store, modules: [savings] })
    await app.start()
    const accounts = Array.from({ length: 64 }, (_, n) => `account ${n}`)
    const deposits = () => accounts.map((account) => app.dispatch(new Deposit({ account, amount: 1 })))
    const settled = await Promise.allSettled(deposits())
    const refused = settled.filter((one) => one.status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'overloaded' })
    expect((await store.head()).position).toBe(64 - refused.length)
    expect(await app.dispatch(new Deposit({ account: 'account 0', amount: 1 }))).toMatchObject({ version: expect.any(Number) })
    await app.stop()
  })
})

describe.each([1, 2])('on PostgreSQL, a pool of %i connections', (max) => {
  it('carries 100 commands at once, with a handler that all of them wait for, and is idle afterwards', async () => {
    const { connectionString, schema } = testDatabase()
    const pool = new pg.Pool({ connectionString, max })
    let seen = 0
    const counting = eventHandler({ name: 'counting', consistency: 'strong', on: [on(Deposited, () => void seen++)] })
    const app = await Application.create({
      store: postgresEventStore({ pool, schema }),
      modules: [savings, { name: 'counters', eventHandlers: [counting] }],
    })
    await app.start()
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        app.dispatch(new Deposit({ account: `account ${n % 10}`, amount: 1 }), { consistency: 'strong', commandId: `id ${n}` }),
      ),
    )
    expect(new Set(replies.map(({ position }) => position)).size).toBe(100)
    expect(seen).toBe(100)
    await app.stop()
    expect({ idle: pool.idleCount, waiting: pool.waitingCount }).toEqual({ idle: pool.totalCount, waiting: 0 })
    await pool.end()
  })
})
