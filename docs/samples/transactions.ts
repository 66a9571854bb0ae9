import { aggregate, decided } from '@writ/aggregate'
import type { Application } from '@writ/application'
import { Command, DomainError, Event, type EventStore, newEvent, systemRuntime } from '@writ/event-store'
import { type PostgresEventStore, refusalOfCommit, type SqlTransaction } from '@writ/event-store-postgres'
import type pg from 'pg'
import { z } from 'zod'

export class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account: z.string(), amount: z.int() })) {}
export class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int() })) {}

class WithdrawMoney extends Command('withdraw-money', z.object({ account: z.string(), amount: z.int() }), {
  result: z.object({ left: z.int() }),
}) {}
class DepositMoney extends Command('deposit-money', z.object({ account: z.string(), amount: z.int() })) {}

export const account = aggregate({
  category: 'account',
  identity: 'account',
  commands: [WithdrawMoney, DepositMoney],
  events: [MoneyWithdrawn, MoneyDeposited],
  initialState: { balance: 0 },
  decide: {
    'withdraw-money': ({ balance }, command) => {
      if (balance < command.amount) throw new DomainError('balance-too-low', `The balance is ${balance}.`)
      return decided(new MoneyWithdrawn(command), { left: balance - command.amount })
    },
    'deposit-money': (_state, command) => new MoneyDeposited(command),
  },
  evolve: {
    'money-withdrawn': ({ balance }, { amount }) => ({ balance: balance - amount }),
    'money-deposited': ({ balance }, { amount }) => ({ balance: balance + amount }),
  },
})

const recorded = (event: MoneyWithdrawn | MoneyDeposited) => newEvent(event, systemRuntime.uuid())

// #region several-streams
export async function move(store: EventStore, amount: number) {
  const [withdrawn, deposited] = await store.appendAll([
    { stream: 'account-1', events: [recorded(new MoneyWithdrawn({ account: '1', amount }))], expectedVersion: 1 },
    { stream: 'account-2', events: [recorded(new MoneyDeposited({ account: '2', amount }))], expectedVersion: 'stream-exists' },
  ])
  return { withdrawn, deposited } // each with the version of its stream and the position of its last event
}
// #endregion several-streams

// #region store-transaction
export async function pay(store: EventStore<SqlTransaction>, amount: number) {
  const { result, appended } = await store.transaction(async ({ sql, append }) => {
    const [payment] = await sql<{ id: number }>`insert into payments (account, amount) values ('1', ${amount}) returning id`
    append({ stream: 'account-1', events: [recorded(new MoneyWithdrawn({ account: '1', amount }))], expectedVersion: 2 })
    return payment!.id
  })
  return { payment: result, position: appended[0]!.position } // stored together, or not at all
}
// #endregion store-transaction

// #region application-transaction
export async function payBack(app: Application<SqlTransaction>, payment: number, amount: number) {
  const { appended } = await app.transaction(
    async ({ sql, append }) => {
      await sql`delete from payments where id = ${payment}`
      append('account-1', new MoneyDeposited({ account: '1', amount }), { expectedVersion: 3 })
    },
    { actor: 'teller-17' },
  )
  await app.waitFor(appended[0]!.position)
}
// #endregion application-transaction

// #region dispatch
export async function moveByCommands(app: Application<SqlTransaction>, amount: number) {
  const { result, dispatched } = await app.transaction(
    async ({ sql, dispatch }) => {
      const { result } = await dispatch(new WithdrawMoney({ account: '1', amount }))
      await dispatch(new DepositMoney({ account: '2', amount }))
      await sql`insert into payments (account, amount) values ('2', ${amount})`
      return result.left // if it is committed
    },
    { retries: 5, consistency: 'strong' },
  )
  return { left: result, positions: dispatched.map(({ position }) => position) }
}
// #endregion dispatch

// #region within
export async function depositWithin(app: Application<SqlTransaction>, client: pg.ClientBase, amount: number) {
  await client.query('begin')
  try {
    await client.query('insert into payments (account, amount) values ($1, $2)', ['1', amount])
    await app.within(client, ({ dispatch }) => dispatch(new DepositMoney({ account: '1', amount })))
    await client.query('commit') // writes the row and the event; or fails, and writes neither
  } catch (error) {
    await client.query('rollback')
    throw refusalOfCommit(error)
  }
}
// #endregion within

// #region own-client
export async function payInto(store: PostgresEventStore, client: pg.ClientBase, amount: number) {
  await client.query('begin')
  try {
    await client.query('insert into payments (account, amount) values ($1, $2)', ['2', amount])
    const events = [recorded(new MoneyDeposited({ account: '2', amount }))]
    await store.stage(client, { stream: 'account-2', events, expectedVersion: 2 })
    await client.query('commit') // writes the row and the event; or fails, and writes neither
  } catch (error) {
    await client.query('rollback')
    throw refusalOfCommit(error) // such as WrongExpectedVersionError
  }
}
// #endregion own-client
