import 'reflect-metadata'
import { aggregate } from '@writ/aggregate'
import { Command, Event, type EventStore, newEvent, newLink, type RecordedEvent, systemRuntime } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

class Added extends Event('added', z.object({ sum: z.string(), by: z.int() }), {
  tags: ({ by }) => [by % 2 === 0 ? 'even' : 'odd'],
}) {}
class Cleared extends Event('cleared', z.object({ sum: z.string() })) {}
class Add extends Command('add', z.object({ sum: z.string(), by: z.int() })) {}
class Clear extends Command('clear', z.object({ sum: z.string() })) {}

const sum = aggregate({
  category: 'sum',
  identity: 'sum',
  commands: [Add, Clear],
  events: [Added, Cleared],
  initialState: { total: 0 },
  decide: { add: (_state, { sum, by }) => new Added({ sum, by }), clear: (_state, { sum }) => new Cleared({ sum }) },
  evolve: { added: ({ total }, { by }) => ({ total: total + by }), cleared: () => ({ total: 0 }) },
})

describe('the events of an application, as an observable', () => {
  let app: Application
  beforeEach(async () => {
    app = await Application.create({ store: inMemoryEventStore(), modules: [module({ name: 'sums', aggregates: [sum] })] })
    await app.start()
  })
  afterEach(() => app.stop())

  const add = (by: number, name = 'a') => app.dispatch(new Add({ sum: name, by }))

  /** Collects until there are so many. */
  function collected<T>(count: number, subscribe: (next: (value: T) => void) => { unsubscribe(): void }): Promise<T[]> {
    return new Promise((resolve) => {
      const values: T[] = []
      const subscription = subscribe((value) => {
        values.push(value)
        if (values.length < count) return
        resolve(values)
        queueMicrotask(() => subscription.unsubscribe())
      })
    })
  }

  it('gives what is there, and then what comes', async () => {
    await add(1)
    const seen = collected<RecordedEvent<Added>>(3, (next) => app.events({ types: [Added] }).subscribe(next))
    await add(2)
    await app.dispatch(new Clear({ sum: 'a' }))
    await add(3)
    expect((await seen).map(({ data, position }) => [data.by, position])).toEqual([
      [1, 1],
      [2, 2],
      [3, 4],
    ])
  })

  it('goes on after the position that was seen last', async () => {
    for (const by of [1, 2, 3]) await add(by)
    const seen = await collected<RecordedEvent<Added>>(1, (next) => app.events({ types: [Added], after: 2 }).subscribe(next))
    expect(seen.map(({ data }) => data.by)).toEqual([3])
  })

  it('selects by tags, and by stream from a version on', async () => {
    for (const by of [1, 2, 3, 4]) await add(by)
    await add(6, 'b')
    const even = await collected<RecordedEvent<Added>>(3, (next) =>
      app.events({ types: [Added], tags: ['even'] }).subscribe(next),
    )
    expect(even.map(({ data }) => data.by)).toEqual([2, 4, 6])
    const rest = await collected<RecordedEvent>(2, (next) => app.events({ stream: 'sum-a', afterVersion: 2 }).subscribe(next))
    expect(rest.map(({ version }) => version)).toEqual([3, 4])
  })

  it('hands out the next event only when the one before is dealt with', async () => {
    for (const by of [1, 2, 3]) await add(by)
    let atWork = 0
    let most = 0
    const dealWith = async ({ data }: RecordedEvent<Added>) => {
      most = Math.max(most, ++atWork)
      await new Promise((resolve) => setImmediate(resolve))
      atWork--
      return data.by
    }
    expect(await collected<number>(3, (next) => app.events({ types: [Added] }, dealWith).subscribe(next))).toEqual([1, 2, 3])
    expect(most).toBe(1)
  })

  it('reads on only when what was read is used up, and not at all for who has left', async () => {
    const store = inMemoryEventStore()
    let read = 0
    const counting: EventStore = Object.assign(Object.create(store), {
      async *readAll(options: Parameters<EventStore['readAll']>[0]) {
        for await (const page of store.readAll(options)) {
          read += page.length
          yield page
        }
      },
    })
    await store.start()
    const events = Array.from({ length: 1_000 }, (_, index) => newEvent(new Added({ sum: 'a', by: index }), systemRuntime.uuid()))
    await store.append({ stream: 'sum-a', events })
    const slow = await Application.create({ store: counting, modules: [module({ name: 'sums', aggregates: [sum] })] })
    let goOn = () => {}
    const seen: number[] = []
    const subscription = slow
      .events({ types: [Added] }, async ({ data }) => {
        await new Promise<void>((resolve) => {
          goOn = resolve
        })
        return data.by
      })
      .subscribe((by) => seen.push(by))
    const oneMore = async () => {
      const before = seen.length
      while (seen.length === before) {
        goOn()
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await oneMore()
    await oneMore()
    const page = read
    expect(page).toBeLessThan(500)
    while (seen.length < page) await oneMore()
    subscription.unsubscribe()
    goOn()
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(seen).toEqual(Array.from({ length: page }, (_, index) => index))
    expect(read).toBeLessThanOrEqual(2 * page)
    await store.stop()
  })

  it('ends with the error of whoever deals with an event, and can be taken up again', async () => {
    await add(1)
    const failing = () => {
      throw new Error('the client is gone')
    }
    const error = await new Promise((resolve) => app.events({ types: [Added] }, failing).subscribe({ error: resolve }))
    expect(error).toMatchObject({ message: 'the client is gone' })
  })

  it('follows a stream with its links', async () => {
    await add(1)
    const [event] = await collected<RecordedEvent>(1, (next) => app.events().subscribe(next))
    const link = () => app.store.append({ stream: 'audit-1', events: [newLink(event!, systemRuntime.uuid())] })
    await link()
    const seen = collected<RecordedEvent>(2, (next) => app.events({ stream: 'audit-1' }).subscribe(next))
    await link()
    expect((await seen).map(({ stream, version, data, origin }) => [stream, version, data, origin?.stream])).toEqual([
      ['audit-1', 1, event!.data, 'sum-a'],
      ['audit-1', 2, event!.data, 'sum-a'],
    ])
  })

  describe('where no hint tells of what is appended', () => {
    let store: EventStore
    let deaf: Application
    let slept: number[]
    let wake: () => void
    beforeEach(async () => {
      store = inMemoryEventStore()
      const runtime = {
        ...systemRuntime,
        sleep: (milliseconds: number, signal?: AbortSignal) =>
          new Promise<void>((resolve) => {
            slept.push(milliseconds)
            wake = resolve
            signal?.addEventListener('abort', () => resolve())
          }),
      }
      slept = []
      const silent: EventStore = Object.create(store, { onAppended: { value: () => () => {} } })
      deaf = await Application.create({ store: silent, runtime, modules: [module({ name: 'sums', aggregates: [sum] })] })
      await store.start()
    })
    afterEach(() => store.stop())

    const append = (by: number) =>
      store.append({ stream: 'sum-a', events: [newEvent(new Added({ sum: 'a', by }), systemRuntime.uuid())] })
    const nextLook = async () => {
      wake()
      await new Promise((resolve) => setImmediate(resolve))
    }

    it('looks once a second, and often while events flow', async () => {
      const seen: number[] = []
      const subscription = deaf.events({ types: [Added] }).subscribe(({ data }) => void seen.push(data.by))
      await new Promise((resolve) => setImmediate(resolve))
      for (let look = 1; look <= 3; look++) await nextLook()
      expect(slept).toEqual([1_000, 1_000, 1_000, 1_000])
      for (const by of [1, 2]) {
        await append(by)
        await nextLook()
      }
      expect(seen).toEqual([1, 2])
      for (let look = 1; look <= 8; look++) await nextLook()
      subscription.unsubscribe()
      expect(slept.slice(4)).toEqual([20, 20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000])
    })
  })

  it('looks once a second while hints tell of everything', async () => {
    const slept: number[] = []
    const runtime = {
      ...systemRuntime,
      sleep: (milliseconds: number, signal?: AbortSignal) => {
        slept.push(milliseconds)
        return systemRuntime.sleep(milliseconds, signal)
      },
    }
    const store = inMemoryEventStore()
    const other = await Application.create({ store, runtime, modules: [module({ name: 'sums', aggregates: [sum] })] })
    await store.start()
    const seen = collected<RecordedEvent>(3, (next) => other.events({ stream: 'sum-a' }).subscribe(next))
    for (const by of [1, 2, 3]) {
      await store.append({ stream: 'sum-a', events: [newEvent(new Added({ sum: 'a', by }), systemRuntime.uuid())] })
      await new Promise((resolve) => setImmediate(resolve))
    }
    await seen
    await store.stop()
    expect(slept.length).toBeGreaterThan(0)
    expect(new Set(slept)).toEqual(new Set([1_000]))
  })

  it('passes over the streams of Writ itself', async () => {
    await app.store.append({ stream: '$own-1', events: [newEvent(new Added({ sum: 'own', by: 0 }), systemRuntime.uuid())] })
    await add(1)
    const seen = await collected<RecordedEvent>(1, (next) => app.events().subscribe(next))
    expect(seen.map(({ stream }) => stream)).toEqual(['sum-a'])
  })
})
