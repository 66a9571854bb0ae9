// A service as a process of its own, for the tests of its end: it has one command under way that ends when it is told to stop.
import { aggregate } from '@writ/aggregate'
import { Application, module } from '@writ/application'
import { Command, Event } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'

class Ended extends Event('ended', z.object({ job: z.string() })) {}
class EndJob extends Command('end-job', z.object({ job: z.string() })) {}

const isStuck = process.argv[2] === 'stuck'
let finish
const finished = new Promise((resolve) => {
  finish = resolve
})

const job = aggregate({
  category: 'job',
  identity: 'job',
  commands: [EndJob],
  events: [Ended],
  initialState: 'open',
  decide: {
    'end-job': async (_state, { job }) => {
      process.send('deciding')
      await finished
      return new Ended({ job })
    },
  },
  evolve: { ended: () => 'ended' },
})

const app = await Application.create({
  store: inMemoryEventStore(),
  modules: [module({ name: 'jobs', aggregates: [job] })],
  stopTimeout: 60_000,
})
await app.start()
app.stopOnSignals({
  before: async () => {
    process.send('stopping')
    if (!isStuck) finish()
  },
  after: async () => process.send('stopped'),
})
app.dispatch(new EndJob({ job: '1' })).then(({ version }) => process.send({ version }))
