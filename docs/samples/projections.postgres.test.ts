import 'reflect-metadata'
import { Application, module } from '@writ/application'
import { testDatabase } from '@writ/build-tools'
import type { Class } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { Balances, BalancesByPage, balanceOf, lookAfter, told } from './projections/balances.js'
import { AccountOpened, MoneyDeposited, MoneyWithdrawn } from './projections/events.js'
import { EmailAddresses } from './projections/inline.js'
import { report } from './projections/live.js'

describe('the samples of projections', () => {
  const { connectionString, schema } = testDatabase()
  const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}_read`, max: 16 })
  let app: Application<SqlTransaction> | undefined

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

  it('build a second version beside the first, make it live, roll it back', async () => {
    const start = async (...projections: Class<object>[]) => {
      const started = await Application.create({
        store: postgresEventStore({ pool, schema: `${schema}_2` }),
        modules: [module({ name: 'bank', projections })],
      })
      await started.start()
      return started
    }
    app = await start(Balances)
    const { appended } = await app.transaction(async ({ append }) => {
      append('account-1', [
        new AccountOpened({ account: '1', owner: 'Ann', email: 'ann@example.com' }),
        new MoneyDeposited({ account: '1', amount: 70 }),
        new MoneyWithdrawn({ account: '1', amount: 20 }),
      ])
    })
    await app.waitFor(appended[0]!.position)
    expect(await balanceOf(app, '1')).toBe(50)
    const newer = await start(Balances, BalancesByPage)
    while ((await newer.readModel(Balances, ({ version }) => version)) !== 2)
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect([await balanceOf(app, '1'), await balanceOf(newer, '1')]).toEqual([50, 50])
    const log = jest.spyOn(console, 'info').mockImplementation()
    expect(await lookAfter(newer)).toEqual({ live: 2, agrees: true, position: 3 })
    expect(log.mock.calls.flat()).toContainEqual(expect.stringContaining('balances@1 is previous: 3 of 3'))
    log.mockRestore()
    await newer.transaction(async ({ append }) => append('account-1', new MoneyDeposited({ account: '1', amount: 1 })))
    while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(told).toEqual(['1'])
    await newer.stop()
    await pool.query(`drop schema ${schema}_2 cascade`)
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
