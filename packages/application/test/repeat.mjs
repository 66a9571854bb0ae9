// A process of its own that sends one command with a given id, tells what it was answered, and ends. It runs what was built.
// Called with a connection string, a schema, an id and an amount.
import { aggregate, decided } from '@writ/aggregate'
import { Application, module } from '@writ/application'
import { Command, DomainError, Event } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { z } from 'zod'

const [connectionString, schema, commandId, amount] = process.argv.slice(2)

class Paid extends Event('paid', z.object({ till: z.string(), amount: z.int() })) {}
class Pay extends Command('pay', z.object({ till: z.string(), amount: z.int() }), { result: z.object({ sum: z.int() }) }) {}

const till = aggregate({
  category: 'till',
  identity: 'till',
  commands: [Pay],
  events: [Paid],
  initialState: 0,
  decide: {
    pay: (sum, { till, amount }) => {
      if (amount > 100) throw new DomainError('too-much', `The till holds ${sum}.`, { sum, amount })
      return decided(amount === 0 ? [] : new Paid({ till, amount }), { sum: sum + amount })
    },
  },
  evolve: { paid: (sum, { amount }) => sum + amount },
})

const store = postgresEventStore({ connectionString, schema })
const app = await Application.create({ store, modules: [module({ name: 'tills', aggregates: [till] })] })
await app.start()
// Each process changes the state as well.
await app.dispatch(new Pay({ till: 'front', amount: 1 }))
const answer = await app
  .dispatch(new Pay({ till: 'front', amount: Number(amount) }), { commandId })
  .catch(({ code, message, facts }) => ({ code, message, facts }))
await app.stop()
process.send(answer)
process.disconnect()
