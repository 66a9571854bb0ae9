import 'reflect-metadata'
import { aggregate } from '@writ/aggregate'
import { Command, Event, type Runtime, systemRuntime } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

class Knocked extends Event('knocked', z.object({ door: z.string() })) {}
class Knock extends Command('knock', z.object({ door: z.string() })) {}

const door = aggregate({
  category: 'door',
  identity: 'door',
  commands: [Knock],
  events: [Knocked],
  initialState: { knocks: 0 },
  decide: { knock: (_state, { door }) => new Knocked({ door }) },
  evolve: { knocked: ({ knocks }) => ({ knocks: knocks + 1 }) },
})

const DAY = 86_400_000

describe('the receipts of an application', () => {
  let days = 0
  const runtime: Runtime = { ...systemRuntime, now: () => systemRuntime.now() + days * DAY }
  const log = new InMemoryLog({ runtime })
  const within = async <T>(use: (app: Application) => Promise<T>) => {
    const store = inMemoryEventStore({ log })
    const app = await Application.create({
      store,
      modules: [module({ name: 'doors', aggregates: [door] })],
      keepReceipts: 10 * DAY,
    })
    await app.start()
    try {
      return await use(app)
    } finally {
      await app.stop()
    }
  }
  const knock = (app: Application) => app.dispatch(new Knock({ door: 'front' }), { commandId: 'knock-1' })

  it('answer repetitions as long as they are kept, and no longer', async () => {
    expect(await within(knock)).toMatchObject({ version: 1 })
    days = 9
    expect(await within(knock)).toMatchObject({ version: 1 })
    days = 11
    expect(await within(knock)).toMatchObject({ version: 2 })
  })
})
