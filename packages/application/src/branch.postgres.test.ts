import 'reflect-metadata'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { Account, Balances, BalancesProjection, DepositMoney, SendMoney, smallBank } from '../test/small-bank.js'
import { Application } from './application.js'

describe('a branch of an application on PostgreSQL', () => {
  it('leaves every row of the store as it was', async () => {
    const { connectionString, schema } = testDatabase()
    const app = await Application.create({
      store: postgresEventStore({ connectionString, schema }),
      modules: [smallBank()],
      // Long enough that nothing of it is renewed meanwhile.
      subscriptions: { leaseMilliseconds: 600_000 },
    })
    await app.start()
    for (const account of ['ann', 'bob']) await app.dispatch(new DepositMoney({ account, amount: 100 }))
    await app.dispatch(new SendMoney({ account: 'ann', amount: 10, transfer: 't1', to: 'bob' }))
    await app.settled()
    const client = new pg.Client({ connectionString })
    await client.connect()
    const rows = async () => {
      const { rows: tables } = await client.query<{ name: string }>(
        `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = $1 order by 1`,
        [schema],
      )
      const digests: Record<string, unknown> = {}
      for (const { name } of tables) {
        // The application itself goes on meanwhile: it renews its leases, and notes how far its handlers have come.
        const row = name.endsWith('.subscriptions') ? `(to_jsonb(t) - 'lease_until' - 'checkpoint')` : 't'
        const { rows: found } = await client.query(
          `select count(*), md5(string_agg(${row}::text, ',' order by t::text)) from ${name} t`,
        )
        digests[name] = found[0]
      }
      return digests
    }
    const before = await rows()
    expect(Object.keys(before).length).toBeGreaterThan(5)

    for (const at of [undefined, { position: 2 }]) {
      const what = await app.branch({ run: [BalancesProjection], ...(at && { at }) })
      await what.app.dispatch(new SendMoney({ account: 'bob', amount: 50, transfer: 't2', to: 'ann' }), { commandId: 'once' })
      await what.app.settled()
      const ann = at ? 150 : 140
      expect((await what.app.stateOf(Account, 'ann')).state.balance).toBe(ann)
      expect(what.app.get(Balances).byAccount.get('ann')).toBe(ann)
      await what.discard()
    }
    expect(await rows()).toEqual(before)
    await client.end()
    await app.stop()
  })
})
