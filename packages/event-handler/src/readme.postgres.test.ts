import { testDatabase } from '@writ/build-tools'
import { Event, type EventStore, EventTypes, newEvent, systemRuntime } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { z } from 'zod'
import {
  EventHandler,
  eventHandler,
  eventHandlerOf,
  type HandlerContext,
  On,
  on,
  Projection,
  type ProjectionContext,
  projectionOf,
  retryThenSkip,
  Subscriptions,
} from './index.js'

class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int() })) {}
class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account: z.string(), amount: z.int() })) {}

const { connectionString, schema } = testDatabase()
const table = `${testDatabase().schema}_balances`
const events = new EventTypes([MoneyDeposited, MoneyWithdrawn])
const sent: string[] = []
const mails = { send: async (_id: string, text: string) => void sent.push(text) }
const sendReceipt = async ({ amount }: MoneyDeposited, { event: { id } }: HandlerContext) => mails.send(id, `${amount} received`)

// #region event-handler
@EventHandler({ name: 'withdrawal-mails', onError: retryThenSkip({ attempts: 5 }) })
class WithdrawalMails {
  constructor(private readonly outbox: { send(id: string, text: string): Promise<void> }) {}

  @On(MoneyWithdrawn)
  async withdrawn({ amount }: MoneyWithdrawn, { event: { id } }: HandlerContext) {
    // May run twice after a crash: the id lets the other side notice.
    await this.outbox.send(id, `${amount} withdrawn`)
  }
}
// #endregion

// #region projection
@Projection({ name: 'account-balances', version: 1, consistency: 'strong' })
class AccountBalances {
  async setUp({ sql }: SqlTransaction) {
    await sql`create table if not exists ${sql.identifier(table)} (account text primary key, balance bigint not null)`
  }

  @On(MoneyDeposited)
  async deposited({ account, amount }: MoneyDeposited, { sql }: ProjectionContext<SqlTransaction>) {
    await sql`insert into ${sql.identifier(table)} as known values (${account}, ${amount})
      on conflict (account) do update set balance = known.balance + excluded.balance`
  }

  @On(MoneyWithdrawn)
  async withdrawn({ account, amount }: MoneyWithdrawn, { sql }: ProjectionContext<SqlTransaction>) {
    await sql`update ${sql.identifier(table)} set balance = balance - ${amount} where account = ${account}`
  }
}
// #endregion

// #region value
const receipts = eventHandler({ name: 'receipts', on: [on(MoneyDeposited, sendReceipt)] })
// #endregion

async function run(store: EventStore) {
  // #region run
  const subscriptions = new Subscriptions({ store, events })
  subscriptions.add(receipts)
  subscriptions.add(eventHandlerOf(WithdrawalMails, () => new WithdrawalMails(mails)))
  subscriptions.add(projectionOf(AccountBalances, () => new AccountBalances()))
  await subscriptions.start()

  const { position } = await store.append({
    stream: 'account-7',
    events: [newEvent(new MoneyDeposited({ account: '7', amount: 100 }), systemRuntime.uuid())],
  })
  await subscriptions.waitFor(position) // the strong ones: account-balances has it now
  // #endregion
  return subscriptions
}

it('does what the README says', async () => {
  const store = postgresEventStore({ connectionString, schema })
  const pool = new pg.Pool({ connectionString, max: 1 })
  await store.start()
  const subscriptions = await run(store)
  try {
    expect((await pool.query(`select account, balance::int from ${table}`)).rows).toEqual([{ account: '7', balance: 100 }])
    const withdrawn = newEvent(new MoneyWithdrawn({ account: '7', amount: 30 }), systemRuntime.uuid())
    const { position } = await store.append({ stream: 'account-7', events: [withdrawn] })
    await subscriptions.waitFor(position, ['account-balances', 'withdrawal-mails', 'receipts'])
    expect(sent.sort()).toEqual(['100 received', '30 withdrawn'])
    expect((await pool.query(`select balance::int from ${table}`)).rows).toEqual([{ balance: 70 }])
  } finally {
    await subscriptions.stop()
    await store.stop()
    await pool.query(`drop table if exists ${table}`)
    await pool.end()
  }
})
