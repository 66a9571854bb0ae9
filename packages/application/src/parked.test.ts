import 'reflect-metadata'
import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { EventHandler, On, parkAtOnce, retryThenPark } from '@writ/event-handler'
import { Command, Event } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'
import type { SubscriptionOptions } from './options.js'

const shape = z.object({ counter: z.string(), by: z.int() })
class Counted extends Event('counted', shape) {}
class Count extends Command('count', shape) {}

@Aggregate({ category: 'counter', identity: 'counter' })
class Counter {
  total = 0

  @Handle(Count)
  count({ counter, by }: Count) {
    return new Counted({ counter, by })
  }

  @Apply(Counted)
  counted({ by }: Counted) {
    this.total += by
  }
}

@EventHandler({ name: 'failing', consistency: 'strong' })
class Failing {
  static isBroken = true
  static seen: number[] = []

  @On(Counted)
  counted({ by }: Counted) {
    if (by === 1 && Failing.isBroken) throw new Error('poison')
    Failing.seen.push(by)
  }
}

describe('the parked events of an application', () => {
  let app: Application
  const logged: { facts: object; message: string }[] = []
  const logger = {
    debug() {},
    warn() {},
    error() {},
    info: (facts: object, message: string) => void logged.push({ facts, message }),
  }

  async function start(subscriptions: SubscriptionOptions) {
    Failing.isBroken = true
    Failing.seen = []
    const counting = module({ name: 'counting', aggregates: [Counter], eventHandlers: [Failing] })
    app = await Application.create({ store: inMemoryEventStore(), modules: [counting], subscriptions, logger })
    await app.start()
  }
  afterEach(() => app.stop())
  const count = (counter: string, by: number) => app.dispatch(new Count({ counter, by }), { consistency: 'strong' })

  it('are put aside by a policy that all handlers have in common; whoever dispatched strongly is told', async () => {
    await start({ onError: retryThenPark({ attempts: 2, firstDelay: 1 }) })
    await expect(count('a', 1)).rejects.toMatchObject({ code: 'committed-but-parked', position: 1, handlers: ['failing'] })
    await expect(count('a', 2)).rejects.toMatchObject({ code: 'committed-but-parked' })
    await count('b', 3)
    await app.settled()
    expect(Failing.seen).toEqual([3])
    expect(await app.health()).toMatchObject({
      status: 'degraded',
      subscriptions: [{ name: 'failing', state: 'running', parked: 2 }],
    })
  })

  it('are decided on by the name or the class of their handler, and that is logged', async () => {
    await start({ onError: parkAtOnce })
    await expect(count('a', 1)).rejects.toMatchObject({ code: 'committed-but-parked' })
    const [first] = await app.parked(Failing).list()
    expect(first).toMatchObject({
      sequence: 'counter-a',
      event: { data: { by: 1 } },
      attempts: [{ error: { message: 'poison' } }],
    })
    Failing.isBroken = false
    expect(await app.parked('failing').retry('all', { wait: true, actor: 'ann' })).toEqual({ events: 1, left: 0 })
    expect(Failing.seen).toEqual([1])
    expect(logged).toContainEqual({
      facts: { subscription: 'failing', decision: 'retry', which: 'all', events: 1, actor: 'ann' },
      message: 'someone has decided on parked events',
    })
    expect(await app.health()).toMatchObject({ status: 'up', subscriptions: [{ parked: 0 }] })
  })

  it('are refused for handlers that nobody has', async () => {
    await start({})
    expect(() => app.parked('fialing')).toThrow(expect.objectContaining({ code: 'unknown-handler', handler: 'fialing' }))
    expect(() => app.parked(Counter)).toThrow(expect.objectContaining({ code: 'unknown-handler', handler: 'Counter' }))
  })

  it('want a policy that is one', async () => {
    await start({})
    const wrong = { onError: 'park' } as unknown as SubscriptionOptions
    await expect(Application.create({ store: inMemoryEventStore(), modules: [], subscriptions: wrong })).rejects.toMatchObject({
      code: 'invalid-option',
      option: 'subscriptions.onError',
    })
  })
})
