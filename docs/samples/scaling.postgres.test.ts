import 'reflect-metadata'
import type { Application } from '@writ/application'
import { testDatabase } from '@writ/build-tools'
import { systemRuntime } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { DepositMoney, WithdrawMoney } from './guides/bank.js'
import { Outbox } from './handlers/handlers.js'
import { look, open, rebuild } from './scaling/scaling.js'

describe('the samples about scaling out', () => {
  it('share partitions between processes, look at them, and build a read model anew', async () => {
    const { connectionString, schema } = testDatabase()
    const { schema: rows } = testDatabase()
    const url = new URL(connectionString)
    url.searchParams.set('options', `-c search_path=${rows}`)
    const pool = new pg.Pool({ connectionString: url.href })
    await pool.query(`create schema ${rows}`)
    const outbox = new Outbox()
    const apps: Application<SqlTransaction>[] = []
    for (let process = 0; process < 2; process++) {
      const app = await open(postgresEventStore({ connectionString: url.href, schema, poolSize: 4 }), outbox)
      await app.start()
      apps.push(app)
    }
    const [one, two] = apps as [Application<SqlTransaction>, Application<SqlTransaction>]
    const here = (app: Application<SqlTransaction>) => app.subscriptions.status().map(({ here }) => here)
    while (here(one).join() !== '4,2,2,2' || here(two).join() !== '4,2,2,2') await systemRuntime.sleep(5)
    for (let account = 0; account < 10; account++) {
      await one.dispatch(new DepositMoney({ account: `${account}`, amount: 500 }))
      await two.dispatch(new WithdrawMoney({ account: `${account}`, amount: 100 }))
    }
    await one.settled()
    expect(outbox.sent.length).toBe(20)
    expect(look(one)[0]).toBe('statement-lines: running, 4 of 8 partitions here, 0 behind')
    const turnovers = async () => {
      const { rows } = await pool.query('select count(*)::int, sum(amount)::int from turnovers')
      return rows[0]
    }
    expect(await turnovers()).toEqual({ count: 10, sum: 5_000 })
    await rebuild(two)
    while ((await turnovers()).sum !== 5_000) await systemRuntime.sleep(5)
    expect(await turnovers()).toEqual({ count: 10, sum: 5_000 })
    for (const app of apps) await app.stop()
    await pool.end()
  })
})
