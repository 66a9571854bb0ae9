import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { until } from '@writ/build-tools'
import {
  EventHandler,
  eventHandler,
  type HandlerContext,
  On,
  on,
  type ResetContext,
  type StartContext,
} from '@writ/event-handler'
import { Command, Event } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { End, ProcessManager, Start } from '@writ/process-manager'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

class Asked extends Event('asked', z.object({ ticket: z.string() })) {}
class Answered extends Event('answered', z.object({ ticket: z.string() })) {}
class Ask extends Command('ask', z.object({ ticket: z.string() })) {}
class Answer extends Command('answer', z.object({ ticket: z.string() })) {}

@Aggregate({ category: 'ticket', identity: 'ticket' })
class Ticket {
  answers = 0

  @Handle(Ask)
  ask({ ticket }: Ask) {
    return new Asked({ ticket })
  }

  @Handle(Answer)
  answer({ ticket }: Answer) {
    return new Answered({ ticket })
  }

  @Apply(Asked)
  asked(_event: Asked) {}

  @Apply(Answered)
  answered(_event: Answered) {
    this.answers++
  }
}

@ProcessManager({ name: 'answering', correlate: 'ticket', partitions: 3 })
class Answering {
  @Start(Asked)
  asked({ ticket }: Asked) {
    return new Answer({ ticket })
  }

  @End(Answered)
  answered(_event: Answered) {}
}

const seen: string[] = []
const started: StartContext[] = []
const resets: ResetContext[] = []

@EventHandler({ name: 'counting', partitions: 3, partitionBy: 'ticket' })
class Counting {
  afterStart(context: StartContext) {
    started.push(context)
  }

  beforeReset(context: ResetContext) {
    resets.push(context)
  }

  @On(Answered)
  answered({ ticket }: Answered, _context: HandlerContext) {
    seen.push(ticket)
  }
}

const tickets = module({ name: 'tickets', aggregates: [Ticket], eventHandlers: [Counting], processManagers: [Answering] })

describe('the subscriptions of an application', () => {
  const log = new InMemoryLog()
  const applications: Application[] = []
  const open = async () => {
    const app = await Application.create({
      store: inMemoryEventStore({ log }),
      modules: [tickets],
      subscriptions: { leaseMilliseconds: 600 },
    })
    await app.start()
    applications.push(app)
    return app
  }
  const here = (app: Application, name: string) => app.subscriptions.status().find((status) => status.name === name)!.here

  afterAll(async () => {
    await Promise.all(applications.map((app) => app.stop()))
  })

  it('are shared by its processes, process managers included; each event is handled once, each command sent once', async () => {
    const [one, two] = [await open(), await open()]
    for (const name of ['counting', 'answering']) {
      await until('both have some', () => here(one, name) + here(two, name) === 3 && here(one, name) > 0 && here(two, name) > 0)
    }
    const names = Array.from({ length: 30 }, (_, index) => `t${index}`)
    for (const ticket of names) await one.dispatch(new Ask({ ticket }))
    await until('all were answered', () => seen.length === 30)
    await one.settled()
    expect([...seen].sort()).toEqual([...names].sort())
    for (const ticket of names) expect((await two.stateOf(Ticket, ticket)).state.answers).toBe(1)
    const health = await one.health()
    expect(health.status).toBe('up')
    const { partitions } = health.subscriptions.find(({ name }) => name === 'counting')!
    expect(partitions.map(({ heldBy }) => heldBy !== undefined)).toEqual([true, true, true])
    expect(new Set(started.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2]))
  })

  it('are paused, reset and resumed by name or by class, for all processes', async () => {
    const [one, two] = applications as [Application, Application]
    await one.subscriptions.pause(Counting)
    await until('both rest', () => [one, two].every((app) => app.subscriptions.status()[0]!.state === 'paused'))
    expect((await two.health()).status).toBe('up')
    seen.length = 0
    await two.subscriptions.reset('counting', { to: 'origin' })
    expect(resets).toMatchObject([{ subscription: 'counting', to: 0 }])
    await two.subscriptions.resume('counting')
    await until('all came again', () => seen.length === 30)
  })

  it('are deleted only while they rest, and asked for only while the application runs', async () => {
    const [one] = applications as [Application]
    await expect(one.subscriptions.delete('counting')).rejects.toMatchObject({ code: 'subscription-in-use' })
    await expect(one.subscriptions.pause('countin')).rejects.toMatchObject({ code: 'unknown-handler' })
    const other = await Application.create({ store: inMemoryEventStore({ log }), modules: [tickets] })
    await expect(other.subscriptions.pause('counting')).rejects.toMatchObject({ code: 'application-not-running' })
  })

  it('store their checkpoints by events and time as the application says, where they do not say so themselves', async () => {
    const store = inMemoryEventStore()
    const noting = eventHandler({ name: 'noting', on: [on(Asked, ({ ticket }) => void seen.push(ticket))] })
    const modules = [module({ name: 'tickets', aggregates: [Ticket], eventHandlers: [noting] })]
    const create = (checkpoint: object) => Application.create({ store, modules, subscriptions: { checkpoint } })
    await expect(create({ events: 0 })).rejects.toMatchObject({
      code: 'invalid-option',
      option: 'subscriptions.checkpoint.events',
    })
    await expect(create({ evens: 1 })).rejects.toMatchObject({
      code: 'invalid-option',
      option: 'subscriptions.checkpoint.evens',
      why: expect.stringContaining("the nearest is 'events'"),
    })
    const app = await create({ events: 3, within: 60_000 })
    applications.push(app)
    await app.start()
    const stored = async () => (await store.checkpoints.list('noting'))[0]!.checkpoint
    seen.length = 0
    for (const [ticket, upTo] of [
      ['a', 1],
      ['b', 1],
      ['c', 1],
      ['d', 4],
    ] as const) {
      await app.dispatch(new Ask({ ticket }))
      await until('it is handled', () => seen.includes(ticket))
      await until('the checkpoint is where it should be', async () => (await stored()) === upTo)
    }
  })
})
