import 'reflect-metadata'
import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { eventHandler, type HandlerContext, on, stopAtOnce } from '@writ/event-handler'
import { Command, Event } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

const shape = z.object({ counter: z.string() })
class Counted extends Event('counted', shape) {}
class Cleared extends Event('cleared', shape) {}
class Count extends Command('count', shape) {}
class Clear extends Command('clear', shape) {}

@Aggregate({ category: 'counter', identity: 'counter' })
class Counter {
  total = 0

  @Handle(Count)
  count({ counter }: Count) {
    return new Counted({ counter })
  }

  @Handle(Clear)
  clear({ counter }: Clear) {
    return this.total === 0 ? [] : new Cleared({ counter })
  }

  @Apply(Counted)
  counted() {
    this.total++
  }

  @Apply(Cleared)
  cleared() {
    this.total = 0
  }
}

const [count, clear] = [new Count({ counter: 'a' }), new Clear({ counter: 'a' })]

describe('a strongly consistent dispatch', () => {
  let app: Application
  afterEach(() => app.stop())

  async function start(...eventHandlers: ReturnType<typeof eventHandler>[]) {
    app = await Application.create({
      store: inMemoryEventStore(),
      modules: [module({ name: 'counting', aggregates: [Counter], eventHandlers })],
      causationLimit: 5,
    })
    await app.start()
  }

  it('is not held up by a handler that its events do not concern, also when it is answered by a receipt', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    await start(
      eventHandler({ name: 'slow', consistency: 'strong', on: [on(Counted, () => released)] }),
      eventHandler({ name: 'quick', consistency: 'strong', on: [on(Cleared, () => {})] }),
    )
    await app.dispatch(count)
    const options = { consistency: 'strong', timeout: 60_000, commandId: 'clear once' } as const
    await app.dispatch(clear, options)
    await app.dispatch(clear, options)
    await expect(app.dispatch(count, { consistency: 'strong', timeout: 500 })).rejects.toMatchObject({
      code: 'committed-not-yet-visible',
      handlers: ['slow'],
    })
    release()
  })

  it('that decides nothing waits for what it rests on', async () => {
    const seen: string[] = []
    await start(eventHandler({ name: 'seer', consistency: 'strong', on: [on(Cleared, () => void seen.push('cleared'))] }))
    await app.dispatch(count)
    await app.dispatch(clear)
    await app.dispatch(clear, { consistency: 'strong' })
    expect(seen).toEqual(['cleared'])
  })

  it('from a handler is refused at once when the other one waits for that handler, and nothing is stored', async () => {
    const told: unknown[] = []
    const dispatchAndWaitFor = (name: string) =>
      app.dispatch(count, { consistency: [name], timeout: 60_000 }).catch((error: unknown) => told.push(error))
    const ping = async (_: Counted, { event }: HandlerContext) => {
      if (event.position === 1) await dispatchAndWaitFor('pong')
    }
    const pong = async (_: Counted, { event }: HandlerContext) => {
      if (event.position > 1) return
      while ((await app.store.head()).position < 2) await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
      await dispatchAndWaitFor('ping')
    }
    await start(eventHandler({ name: 'ping', on: [on(Counted, ping)] }), eventHandler({ name: 'pong', on: [on(Counted, pong)] }))
    await app.dispatch(count)
    await app.settled()
    expect(told).toMatchObject([{ code: 'waits-for-itself' }])
    expect((await app.store.head()).position).toBe(2)
  })

  it('from a handler may wait for the same handler where another application runs it', async () => {
    const told: unknown[] = []
    const note = (what: unknown) => void told.push(what)
    const echo = eventHandler({
      name: 'echo',
      consistency: 'strong',
      on: [
        on(Counted, async ({ counter }) => {
          if (counter === 'a') await other.dispatch(new Count({ counter: 'b' }), { consistency: 'strong' }).then(note, note)
        }),
      ],
    })
    const modules = [module({ name: 'counting', aggregates: [Counter], eventHandlers: [echo] })]
    const other = await Application.create({ name: 'other', store: inMemoryEventStore(), modules })
    await other.start()
    await start(echo)
    await app.dispatch(count, { consistency: 'strong' })
    await other.stop()
    expect(told).toMatchObject([{ stream: 'counter-b', version: 1 }])
  })

  it('counts what it follows from, so that handlers that answer each other come to an end', async () => {
    await start(
      eventHandler({ name: 'ping', onError: stopAtOnce, on: [on(Counted, async () => void (await app.dispatch(clear)))] }),
      eventHandler({ name: 'pong', onError: stopAtOnce, on: [on(Cleared, async () => void (await app.dispatch(count)))] }),
    )
    await app.dispatch(count)
    await expect(app.settled()).rejects.toMatchObject({ code: 'committed-not-yet-visible' })
    expect((await app.store.head()).position).toBe(6)
    const { subscriptions } = await app.health()
    expect(subscriptions.filter(({ state }) => state === 'stopped')).toMatchObject([{ error: { code: 'causation-too-deep' } }])
  })
})
