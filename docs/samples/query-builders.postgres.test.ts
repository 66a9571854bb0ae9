import 'reflect-metadata'
import { Application, module } from '@writ/application'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { MoneyDeposited, MoneyWithdrawn } from './projections/events.js'
import { Deposits, Withdrawals } from './projections/query-builders.js'

describe('the samples of query builders', () => {
  it('write rows in the transaction of the checkpoint, with Kysely and with Drizzle', async () => {
    const { connectionString, schema } = testDatabase()
    const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}_read`, max: 6 })
    await pool.query(`create schema ${schema}_read`)
    const bank = module({ name: 'bank', projections: [Deposits, Withdrawals] })
    const app = await Application.create({ store: postgresEventStore({ pool, schema }), modules: [bank] })
    await app.start()
    for (const amount of [5, 7]) {
      await app.transaction(async ({ append }) =>
        append('account-1', [new MoneyDeposited({ account: '1', amount }), new MoneyWithdrawn({ account: '1', amount: 2 })]),
      )
      await app.settled()
    }
    expect((await pool.query('select * from deposits_v1')).rows).toEqual([{ account: '1', total: '12' }])
    expect((await pool.query('select * from withdrawals_v1')).rows).toEqual([{ account: '1', total: '4' }])
    await app.stop()
    await pool.query(`drop schema ${schema}_read cascade`)
    await pool.end()
  })
})
