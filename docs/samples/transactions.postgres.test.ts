import { Application, module } from '@writ/application'
import { testDatabase } from '@writ/build-tools'
import { newEvent, systemRuntime } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { account, depositWithin, MoneyDeposited, move, moveByCommands, pay, payBack, payInto } from './transactions.js'

describe('the samples of transactions', () => {
  it('move money, pay, pay back and pay in: rows and events together or not at all', async () => {
    const { connectionString, schema } = testDatabase()
    const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}`, max: 4 })
    const store = postgresEventStore({ pool, schema })
    const app = await Application.create({
      store,
      modules: [module({ name: 'bank', aggregates: [account] })],
    })
    await app.start()
    await pool.query('create table payments (id integer generated always as identity, account text, amount integer)')
    for (const account of ['1', '2']) {
      const opening = newEvent(new MoneyDeposited({ account, amount: 100 }), systemRuntime.uuid())
      await store.append({ stream: `account-${account}`, events: [opening] })
    }
    const payments = async () => (await pool.query('select account, amount from payments')).rows

    expect(await move(store, 30)).toEqual({ withdrawn: { version: 2, position: 3 }, deposited: { version: 2, position: 4 } })
    const { payment, position } = await pay(store, 20)
    expect([position, await payments()]).toEqual([5, [{ account: '1', amount: 20 }]])
    await payBack(app, payment, 20)
    expect(await payments()).toEqual([])

    const client = await pool.connect()
    await payInto(store, client, 7)
    await expect(payInto(store, client, 7)).rejects.toMatchObject({ code: 'wrong-expected-version', actualVersion: 3 })
    expect([(await store.head()).position, await payments()]).toEqual([7, [{ account: '2', amount: 7 }]])

    expect(await moveByCommands(app, 10)).toEqual({ left: 60, positions: [8, 9] })
    await depositWithin(app, client, 3)
    client.release()
    expect(await app.stateOf(account, '1')).toMatchObject({ state: { balance: 63 } })
    expect(await payments()).toHaveLength(3)
    await app.stop()
    await pool.end()
  })
})
