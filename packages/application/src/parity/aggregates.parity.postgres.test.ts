import 'reflect-metadata'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import { describeAggregates } from '../../test/parity/describe-aggregates.js'
import { Deposit, savings } from '../../test/savings.js'
import { Application } from '../index.js'

// A database on a busy machine takes its time.
jest.setTimeout(30_000)

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
