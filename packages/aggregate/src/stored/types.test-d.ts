// What the types of state-stored aggregates hold; each line that is expected to fail must fail.

import { Command, Event } from '@writ/event-store'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { z } from 'zod'
import { Aggregate, aggregate, decided, Handle, model, rowsOf, type StoredState, updated } from '../index.js'

class Deposited extends Event('deposited', z.object({ account: z.string(), amount: z.int() })) {}
class Deposit extends Command('deposit', z.object({ account: z.string(), amount: z.int() })) {}
class Open extends Command('open', z.object({ account: z.string() }), { result: z.object({ number: z.int() }) }) {}

interface Balance {
  readonly balance: number
}

/** On PostgreSQL, by hand. */
const byHand: StoredState<Balance, SqlTransaction> = {
  async load({ sql }, account) {
    const [row] = await sql<{ balance: number; version: number }>`select * from accounts where account = ${account} for update`
    return row && { state: { balance: row.balance }, version: row.version }
  },
  async read({ sql }, account) {
    const [row] = await sql<{ balance: number; version: number }>`select * from accounts where account = ${account}`
    return row && { state: { balance: row.balance }, version: row.version }
  },
  async insert({ sql }, account, { state, version }) {
    await sql`insert into accounts values (${account}, ${version}, ${state.balance})`
  },
  async update({ sql }, account, { state, version }) {
    await sql`update accounts set balance = ${state.balance}, version = ${version} where account = ${account}`
  },
}

const shared = { category: 'account', identity: 'account', initialState: { balance: 0 } } as const

export const folded = aggregate({
  ...shared,
  storedIn: byHand,
  commands: [Deposit],
  events: [Deposited],
  decide: { deposit: (_state, command) => new Deposited(command) },
  evolve: { deposited: ({ balance }, { amount }) => ({ balance: balance + amount }) },
})

aggregate({
  ...shared,
  // @ts-expect-error the rows are those of another state
  storedIn: rowsOf<{ total: number }>({ table: 'accounts', key: 'account' }),
  commands: [Deposit],
  events: [Deposited],
  decide: { deposit: () => undefined },
  evolve: { deposited: (state) => state },
})

export const account = model({
  ...shared,
  storedIn: rowsOf({ table: 'accounts', key: 'account' }),
  commands: [Deposit, Open],
  events: [Deposited],
  decide: {
    deposit: ({ balance }, { amount }) => updated({ balance: balance + amount }),
    open: (state) => updated(state, [], { number: 1 }),
  },
})

model({
  ...shared,
  storedIn: byHand,
  commands: [Deposit, Open],
  decide: {
    // @ts-expect-error the next state is another
    deposit: () => updated({ total: 5 }),
    // @ts-expect-error the declared result is missing
    open: (state) => updated(state),
  },
})

model({
  ...shared,
  storedIn: byHand,
  commands: [Deposit],
  // @ts-expect-error a model gives its next state, not events alone
  decide: { deposit: (_state, command) => new Deposited(command) },
})

model({
  ...shared,
  storedIn: byHand,
  commands: [Deposit, Open],
  // @ts-expect-error 'open' is missing
  decide: { deposit: (state) => updated(state) },
})

// @ts-expect-error a model has its state in rows
model({ ...shared, commands: [], decide: {} })

rowsOf<Balance>({
  table: 'accounts',
  key: 'account',
  // @ts-expect-error not what the state is made of
  fromRow: () => ({ total: 1 }),
  toRow: () => ({}),
})

@Aggregate({ category: 'account', identity: 'account', storedIn: byHand, events: [Deposited] })
export class Fine {
  balance = 0

  @Handle(Deposit)
  deposit(command: Deposit) {
    this.balance += command.amount
    return new Deposited(command)
  }

  @Handle(Open)
  open(_command: Open) {
    return decided([], { number: 1 })
  }
}

// @ts-expect-error the rows hold no total
@Aggregate({ category: 'account', identity: 'account', storedIn: byHand })
export class OtherFields {
  total = 0
}
