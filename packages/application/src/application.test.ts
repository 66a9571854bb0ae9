import { closingAfterEach } from '@writ/build-tools'
import 'reflect-metadata'
import { Aggregate, Apply, decided, Handle } from '@writ/aggregate'
import { CommandHandler } from '@writ/command-router'
import { EventHandler, eventHandler, On, on } from '@writ/event-handler'
import { Command, DomainError, Event, type EventStore, systemRuntime } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { inject } from 'inversify'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

class Counted extends Event('counted', z.object({ counter: z.string(), by: z.int() })) {}
class Count extends Command('count', z.object({ counter: z.string(), by: z.int() }), { result: z.object({ total: z.int() }) }) {}
class CountSlowly extends Command('count-slowly', z.object({ counter: z.string() })) {}

class TooMuch extends DomainError<'too-much'> {
  constructor(by: number) {
    super('too-much', `${by} is too much.`, { by })
  }
}

@Aggregate({ category: 'counter', identity: 'counter' })
class Counter {
  total = 0

  @Handle(Count)
  count({ counter, by }: Count) {
    if (by > 100) throw new TooMuch(by)
    return decided(new Counted({ counter, by }), { total: this.total + by })
  }

  @Apply(Counted)
  counted({ by }: Counted) {
    this.total += by
  }
}

class Gate {
  opened = Promise.resolve()
}

@CommandHandler(CountSlowly, { aggregate: Counter })
class CountSlowlyHandler {
  constructor(@inject(Gate) private readonly gate: Gate) {}

  async handle(_counter: Counter, { counter }: CountSlowly) {
    await this.gate.opened
    return new Counted({ counter, by: 1 })
  }
}

class Seen {
  readonly amounts: number[] = []
}

@EventHandler({ name: 'seer', consistency: 'strong' })
class Seer {
  constructor(@inject(Seen) private readonly seen: Seen) {}

  @On(Counted)
  counted({ by }: Counted) {
    this.seen.amounts.push(by)
  }
}

const counting = () =>
  module({
    name: 'counting',
    aggregates: [Counter],
    commandHandlers: [CountSlowlyHandler],
    eventHandlers: [Seer],
    bindings: (container) => {
      container.bind(Gate).toSelf()
      container.bind(Seen).toSelf()
    },
  })

describe('an application', () => {
  const closeLater = closingAfterEach()
  const start = async (store: EventStore = inMemoryEventStore(), options: { name?: string; stopTimeout?: number } = {}) => {
    const app = await Application.create({ store, modules: [counting()], ...options })
    closeLater(() => app.stop())
    await app.start()
    return app
  }

  it('dispatches a command and answers with its declared result, version and position', async () => {
    const app = await start()
    await app.dispatch(new Count({ counter: 'a', by: 2 }))
    const { result, version, position } = await app.dispatch(new Count({ counter: 'a', by: 3 }))
    expect({ result, version, position }).toEqual({ result: { total: 5 }, version: 2, position: 2 })
  })

  it('rejects with the domain error of a refused command, and stores nothing', async () => {
    const store = inMemoryEventStore()
    const app = await start(store)
    await expect(app.dispatch(new Count({ counter: 'a', by: 101 }))).rejects.toMatchObject({
      code: 'too-much',
      facts: { by: 101 },
    })
    await expect(store.head()).resolves.toMatchObject({ position: 0 })
  })

  it('answers a strong dispatch when the strong handlers have seen it', async () => {
    const app = await start()
    await app.dispatch(new Count({ counter: 'a', by: 2 }), { consistency: 'strong' })
    expect(app.get(Seen).amounts).toEqual([2])
  })

  it('waits for a position that was written before', async () => {
    const app = await start()
    const { position } = await app.dispatch(new Count({ counter: 'a', by: 2 }))
    await app.waitFor(position)
    expect(app.get(Seen).amounts).toEqual([2])
  })

  it('waits for handlers that run in another process', async () => {
    const log = new InMemoryLog()
    const holder = await start(inMemoryEventStore({ log }), { name: 'holder' })
    const other = await start(inMemoryEventStore({ log }), { name: 'other' })
    const { position } = await other.dispatch(new Count({ counter: 'a', by: 2 }))
    await other.waitFor(position)
    expect([...holder.get(Seen).amounts, ...other.get(Seen).amounts]).toEqual([2])
  })

  it('tells a handler at once that it would wait for itself, and stores nothing', async () => {
    const store = inMemoryEventStore()
    const told: unknown[] = []
    const selfish = eventHandler({
      name: 'selfish',
      consistency: 'strong',
      on: [
        on(Counted, async ({ counter }) => {
          await app.dispatch(new Count({ counter, by: 1 }), { consistency: 'strong' }).catch((error: unknown) => told.push(error))
        }),
      ],
    })
    const app = await Application.create({ store, modules: [counting(), module({ name: 'selfish', eventHandlers: [selfish] })] })
    closeLater(() => app.stop())
    await app.start()
    await app.dispatch(new Count({ counter: 'a', by: 1 }), { consistency: 'strong' })
    expect(told).toMatchObject([{ code: 'waits-for-itself' }])
    await expect(store.head()).resolves.toMatchObject({ position: 1 })
  })

  it('refuses to wait for a handler that nobody has, and stores nothing', async () => {
    const store = inMemoryEventStore()
    const app = await start(store)
    await expect(app.dispatch(new Count({ counter: 'a', by: 1 }), { consistency: ['sear'] })).rejects.toMatchObject({
      code: 'unknown-handler',
      message: expect.stringContaining("'seer'"),
    })
    await expect(store.head()).resolves.toMatchObject({ position: 0 })
  })

  it('shows the confirmed state of an aggregate, by its class', async () => {
    const app = await start()
    await app.dispatch(new Count({ counter: 'a', by: 2 }))
    const { state, version, position } = await app.stateOf(Counter, 'a')
    expect({ total: state.total, version, position }).toEqual({ total: 2, version: 1, position: 1 })
  })

  it('tells the history of an aggregate: each event, and what it changed', async () => {
    const app = await start()
    for (const by of [2, 3]) await app.dispatch(new Count({ counter: 'a', by }))
    const changes = []
    for await (const step of app.historyOf(Counter, 'a', { fromVersion: 2 }))
      changes.push(step.event.data, step.after.total, ...step.changes)
    expect(changes).toEqual([expect.objectContaining({ by: 3 }), 5, { path: ['total'], kind: 'changed', before: 2, after: 5 }])
  })

  it('is made of what it is and of what is otherwise here and now', async () => {
    const what = {
      modules: [counting()],
      store: inMemoryEventStore(),
      name: 'counter',
      dispatch: { timeout: 5_000, actor: 'all' },
    }
    const store = inMemoryEventStore()
    const app = await Application.create(what, { store, name: 'tested', dispatch: { actor: 'test' } })
    await app.start()
    expect([app.name, app.store]).toEqual(['tested', store])
    await app.dispatch(new Count({ counter: 'a', by: 2 }))
    for await (const [event] of store.readAll()) expect(JSON.parse(event!.metadata)).toMatchObject({ actor: 'test' })
    await app.stop()
    await expect(Application.create(what, { dispatch: { actors: 'x' } as object })).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining("'actor'"),
    })
  })

  it('is one of several in a process, each with its own store', async () => {
    const [first, second] = [await start(), await start()]
    await first.dispatch(new Count({ counter: 'a', by: 2 }), { consistency: 'strong' })
    expect(first.get(Seen).amounts).toEqual([2])
    expect(second.get(Seen).amounts).toEqual([])
    expect((await second.stateOf(Counter, 'a')).version).toBe(0)
  })

  it('refuses commands before its start', async () => {
    const app = await Application.create({ store: inMemoryEventStore(), modules: [counting()] })
    await expect(app.dispatch(new Count({ counter: 'a', by: 1 }))).rejects.toMatchObject({
      code: 'application-not-running',
      state: 'not started',
    })
  })

  it('can be started again after a start that failed', async () => {
    const store = inMemoryEventStore()
    let failures = 1
    const start = store.start.bind(store)
    store.start = async () => {
      if (failures-- > 0) throw new Error('no store yet')
      await start()
    }
    const app = await Application.create({ store, modules: [counting()] })
    closeLater(() => app.stop())
    await expect(app.start()).rejects.toThrow('no store yet')
    await app.start()
    await expect(app.dispatch(new Count({ counter: 'a', by: 1 }))).resolves.toMatchObject({ version: 1 })
  })

  it('finishes the commands and handlers under way when it stops, and takes no more', async () => {
    const log = new InMemoryLog()
    const app = await start(inMemoryEventStore({ log }))
    const gate = app.get(Gate)
    const seen = app.get(Seen)
    let open = () => {}
    gate.opened = new Promise((resolve) => {
      open = resolve
    })
    const underWay = app.dispatch(new CountSlowly({ counter: 'a' }))
    await Promise.resolve()
    const stopped = app.stop()
    await expect(app.dispatch(new Count({ counter: 'a', by: 1 }))).rejects.toMatchObject({
      code: 'application-not-running',
      state: 'stopping',
    })
    open()
    await expect(underWay).resolves.toMatchObject({ version: 1 })
    await stopped
    const again = await start(inMemoryEventStore({ log }))
    await again.waitFor(1)
    expect([...seen.amounts, ...again.get(Seen).amounts]).toEqual([1])
  })

  it('says what it was doing when a stop takes too long', async () => {
    const app = await Application.create({ store: inMemoryEventStore(), modules: [counting()], stopTimeout: 20 })
    await app.start()
    const gate = app.get(Gate)
    let open = () => {}
    gate.opened = new Promise((resolve) => {
      open = resolve
    })
    const stuck = app.dispatch(new CountSlowly({ counter: 'a' }))
    await Promise.resolve()
    await expect(app.stop()).rejects.toMatchObject({ code: 'stop-timed-out', step: 'finishing commands', milliseconds: 20 })
    open()
    await expect(stuck).resolves.toMatchObject({ version: 1 })
  })
})

describe('health', () => {
  it('is up while all runs, with checkpoint and lag of every subscription', async () => {
    const app = await Application.create({ store: inMemoryEventStore(), modules: [counting()] })
    await app.start()
    await app.dispatch(new Count({ counter: 'a', by: 1 }), { consistency: 'strong' })
    expect(await app.health()).toMatchObject({
      status: 'up',
      application: 'running',
      store: { adapter: 'memory', status: 'up', position: 1 },
      subscriptions: [{ name: 'seer', checkpoint: 1, lag: 0 }],
    })
    await app.stop()
    expect(await app.health()).toMatchObject({ status: 'down', application: 'stopped', store: { status: 'down' } })
  })

  it('is down when the store does not answer, and does not wait for ever', async () => {
    const store = inMemoryEventStore()
    const sleep = async (milliseconds: number, signal?: AbortSignal) => systemRuntime.sleep(Math.min(milliseconds, 10), signal)
    const app = await Application.create({ store, modules: [counting()], runtime: { ...systemRuntime, sleep } })
    store.head = () => new Promise(() => {})
    expect(await app.health()).toMatchObject({ status: 'down', store: { status: 'down', error: 'no answer within 2000 ms' } })
  })
})
