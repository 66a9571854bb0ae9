// One process that deposits 1 into a state-stored account until it is killed by its failpoint. It runs what is built.
// Arguments: connection string, schema, account, how many deposits.

import { Command, Event, EventTypes } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { z } from 'zod'
import { Aggregates, aggregate, rowsOf } from '../dist/index.js'

const [connectionString, schema, account, count] = process.argv.slice(2)

class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int() })) {}
class DepositMoney extends Command('deposit-money', z.object({ account: z.string(), amount: z.int() })) {}

const definition = aggregate({
  category: 'killed',
  identity: 'account',
  commands: [DepositMoney],
  events: [MoneyDeposited],
  initialState: { balance: 0 },
  storedIn: rowsOf({ table: `${schema}.killed`, key: 'account' }),
  decide: { 'deposit-money': (_state, command) => new MoneyDeposited(command) },
  evolve: { 'money-deposited': ({ balance }, { amount }) => ({ balance: balance + amount }) },
})

const store = postgresEventStore({ connectionString, schema, poolSize: 3 })
await store.start()
const aggregates = new Aggregates({ store, events: new EventTypes([MoneyDeposited]) })
for (let index = 0; index < Number(count); index++) {
  await aggregates.execute({
    aggregate: definition,
    stream: `killed-${account}`,
    command: new DepositMoney({ account, amount: 1 }),
    commandId: `${process.pid}-${index}`,
    metadata: {},
    decide: definition.decide.get('deposit-money'),
    retries: 1_000,
  })
  console.log('answered')
}
await store.stop()
