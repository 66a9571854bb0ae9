import 'reflect-metadata'
import { Application, module } from '@writ/application'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { AccountOpened, MoneyDeposited, MoneyWithdrawn } from './projections/events.js'
import { EmailAddresses } from './projections/inline.js'
import { report } from './projections/live.js'

describe('the samples of projections', () => {
  const { connectionString, schema } = testDatabase()
  const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}_read`, max: 6 })
  let app: Application | undefined

  beforeAll(async () => {
    await pool.query(`create schema ${schema}_read`)
  })
  afterEach(async () => {
    await app?.stop()
  })
  afterAll(async () => {
    await pool.query(`drop schema ${schema}_read cascade`)
    await pool.end()
  })

  it('keep an e-mail for one account, in the transaction of the append', async () => {
    const bank = module({ name: 'bank', projections: [EmailAddresses] })
    app = await Application.create({ store: postgresEventStore({ pool, schema }), modules: [bank] })
    await app.start()
    const open = (account: string) =>
      app!.transaction(async ({ append }) =>
        append(`account-${account}`, new AccountOpened({ account, owner: 'Ann', email: 'ann@example.com' }), {
          expectedVersion: 0,
        }),
      )
    await open('1')
    await expect(open('2')).rejects.toMatchObject({ code: 'email-taken' })
    expect((await pool.query('select * from email_addresses')).rows).toEqual([
      { email: 'ann@example.com', account: '1', version: '1' },
    ])
  })

  it('fold a report when it is asked for', async () => {
    const bank = module({ name: 'bank', events: [AccountOpened, MoneyDeposited, MoneyWithdrawn] })
    app = await Application.create({ store: postgresEventStore({ pool, schema }), modules: [bank] })
    await app.start()
    await app.transaction(async ({ append }) => {
      append('account-1', [new MoneyDeposited({ account: '1', amount: 70 }), new MoneyWithdrawn({ account: '1', amount: 20 })])
      append('account-2', new MoneyDeposited({ account: '2', amount: 60 }))
    })
    expect(await report(app, new Date('2020-01-01'))).toEqual({ total: 150, before: 0, largest: { account: '1', amount: 70 } })
  })
})
