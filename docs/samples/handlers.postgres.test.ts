import 'reflect-metadata'
import { Application, module } from '@writ/application'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { Account, DepositMoney } from './guides/bank.js'
import { Movements } from './handlers/handlers.js'

describe('the sample of a projection of batches', () => {
  it("writes a page's rows in one statement", async () => {
    const { connectionString, schema } = testDatabase()
    const { schema: rows } = testDatabase()
    const pool = new pg.Pool({ connectionString, options: `-c search_path=${rows}` })
    await pool.query(`create schema ${rows}`)
    const url = new URL(connectionString)
    url.searchParams.set('options', `-c search_path=${rows}`)
    const store = postgresEventStore({ connectionString: url.href, schema })
    const app = await Application.create({
      store,
      modules: [module({ name: 'bank', aggregates: [Account], projections: [Movements] })],
    })
    await app.start()
    for (const amount of [1, 2, 3]) await app.dispatch(new DepositMoney({ account: '42', amount }))
    await app.settled()
    const found = await pool.query('select position::int, account, amount::int from movements order by position')
    expect(found.rows).toEqual([1, 2, 3].map((amount) => ({ position: amount, account: '42', amount })))
    await app.stop()
    await pool.end()
  })
})
