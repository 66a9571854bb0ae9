import 'reflect-metadata'
import { aggregate } from '@writ/aggregate'
import { eventHandler, on, stopAtOnce } from '@writ/event-handler'
import { Command, Event } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

class Rang extends Event('rang', z.object({ bell: z.string(), left: z.int() })) {}
class Ring extends Command('ring', z.object({ bell: z.string(), left: z.int() })) {}

const bell = aggregate({
  category: 'bell',
  identity: 'bell',
  commands: [Ring],
  events: [Rang],
  initialState: { left: -1 },
  decide: { ring: (_state, { bell, left }) => new Rang({ bell, left }) },
  evolve: { rang: (_state, { left }) => ({ left }) },
})

describe('an application settles', () => {
  let app: Application
  afterEach(() => app.stop())

  const start = async (react: (event: Rang) => unknown) => {
    const echo = eventHandler({ name: 'echo', onError: stopAtOnce, on: [on(Rang, react)] })
    const chimes = module({ name: 'chimes', aggregates: [bell], eventHandlers: [echo] })
    app = await Application.create({ store: inMemoryEventStore(), modules: [chimes] })
    await app.start()
  }
  const ring = (left: number) => app.dispatch(new Ring({ bell: 'a', left }))

  it('when events have no more consequences, also commands that a handler leaves behind', async () => {
    await start(({ left }) => {
      if (left > 0) void ring(left - 1)
    })
    await ring(20)
    await app.settled()
    expect((await app.store.head()).position).toBe(21)
    expect((await app.stateOf(bell, 'a')).state).toEqual({ left: 0 })
  })

  it('not while a command is under way that nobody awaits', async () => {
    await start(() => {})
    const rung = ring(3)
    await app.settled()
    expect((await app.store.head()).position).toBe(1)
    await rung
  })

  it('at once when nothing has happened, and again', async () => {
    await start(() => {})
    await app.settled()
    await app.settled()
  })

  it('never when a handler has stopped: it says which', async () => {
    await start(() => {
      throw new Error('out of order')
    })
    await ring(0)
    await expect(app.settled()).rejects.toMatchObject({ code: 'committed-not-yet-visible', stopped: ['echo'] })
  })

  it('never when events keep coming: it gives up', async () => {
    let isOn = true
    await start(async () => (isOn ? void (await ring(1)) : undefined))
    await ring(1)
    await expect(app.settled({ timeout: 100 })).rejects.toMatchObject({ code: 'committed-not-yet-visible' })
    isOn = false
  })

  it('not before the start', async () => {
    app = await Application.create({ store: inMemoryEventStore(), modules: [] })
    await expect(app.settled()).rejects.toMatchObject({ code: 'application-not-running' })
  })
})
