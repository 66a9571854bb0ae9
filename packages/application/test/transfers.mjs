// A service that takes one transfer to its end and stops, as a process of its own: for the tests in which it is killed on the way.
// It runs what was built. Called with a connection string and a schema; started again on the same schema, it goes on.
import { aggregate } from '@writ/aggregate'
import { Application, module } from '@writ/application'
import { Command, DomainError, Event, failpoint } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { end, on, processManager, rejected, start } from '@writ/process-manager'
import { z } from 'zod'

const account = z.string()
const amount = z.int()
const transfer = z.string()

class Deposited extends Event('deposited', z.object({ account, amount, transfer: transfer.optional() })) {}
class Withdrawn extends Event('withdrawn', z.object({ account, amount, transfer })) {}
class Refunded extends Event('refunded', z.object({ account, amount, transfer })) {}
class Closed extends Event('closed', z.object({ account })) {}
class Requested extends Event('requested', z.object({ transfer, from: account, to: account, amount })) {}
class Refused extends Event('refused', z.object({ transfer, reason: z.string() })) {}

class Deposit extends Command('deposit', z.object({ account, amount, transfer: transfer.optional() })) {}
class Withdraw extends Command('withdraw', z.object({ account, amount, transfer })) {}
class Refund extends Command('refund', z.object({ account, amount, transfer })) {}
class Close extends Command('close', z.object({ account })) {}
class Request extends Command('request', z.object({ transfer, from: account, to: account, amount })) {}
class Refuse extends Command('refuse', z.object({ transfer, reason: z.string() })) {}

const accounts = aggregate({
  category: 'account',
  identity: 'account',
  commands: [Deposit, Withdraw, Refund, Close],
  events: [Deposited, Withdrawn, Refunded, Closed],
  initialState: { balance: 0, isClosed: false },
  decide: {
    deposit: ({ isClosed }, command) => {
      if (isClosed) throw new DomainError('account-closed', 'The account is closed.')
      return new Deposited(command)
    },
    withdraw: ({ balance }, command) => {
      if (balance < command.amount) throw new DomainError('insufficient-funds', 'There is not enough.')
      return new Withdrawn(command)
    },
    refund: (_state, command) => new Refunded(command),
    close: (_state, command) => new Closed(command),
  },
  evolve: {
    deposited: (state, event) => ({ ...state, balance: state.balance + event.amount }),
    withdrawn: (state, event) => ({ ...state, balance: state.balance - event.amount }),
    refunded: (state, event) => ({ ...state, balance: state.balance + event.amount }),
    closed: (state) => ({ ...state, isClosed: true }),
  },
})

const transfers = aggregate({
  category: 'transfer',
  identity: 'transfer',
  commands: [Request, Refuse],
  events: [Requested, Refused],
  initialState: { isOver: false },
  decide: {
    request: (_state, command) => new Requested(command),
    refuse: (_state, command) => new Refused(command),
  },
  evolve: { requested: (state) => state, refused: () => ({ isOver: true }) },
})

const transferring = processManager({
  name: 'transfer',
  correlate: 'transfer',
  initialState: { from: '', to: '' },
  reactions: [
    start(Requested, ({ transfer, from, to, amount }) => ({
      state: { from, to },
      commands: new Withdraw({ account: from, amount, transfer }),
    })),
    on(Withdrawn, ({ transfer, amount }, { state }) => new Deposit({ account: state.to, amount, transfer })),
    rejected(Deposit, ({ transfer, amount }, { code }, { state }) => [
      new Refund({ account: state.from, amount, transfer }),
      new Refuse({ transfer, reason: code }),
    ]),
    end(Refunded),
  ],
})

const [connectionString, schema] = process.argv.slice(2)
const store = postgresEventStore({ connectionString, schema, poolSize: 4 })

// Places besides those in the code: something is stored, and its answer is lost.
const { append } = store
store.append = async (appended) => {
  const answer = await append.call(store, appended)
  failpoint(appended.stream.startsWith('$') ? 'test.journalStored' : 'test.commandStored')
  return answer
}

const app = await Application.create({
  store,
  modules: [module({ name: 'transfers', aggregates: [accounts, transfers], processManagers: [transferring] })],
  subscriptions: { leaseMilliseconds: 400 },
})
await app.start()
process.send?.('started')
await app.dispatch(new Deposit({ account: 'ann', amount: 100 }), { commandId: 'deposit' })
await app.dispatch(new Close({ account: 'bob' }), { commandId: 'close' })
await app.dispatch(new Request({ transfer: 't1', from: 'ann', to: 'bob', amount: 30 }), { commandId: 'request' })
while (!(await app.stateOf(transfers, 't1')).state.isOver) await new Promise((resolve) => setTimeout(resolve, 10))
await app.waitFor((await store.head()).position, { handlers: ['transfer'], timeout: 30_000 })
await app.stop()
process.disconnect?.()
