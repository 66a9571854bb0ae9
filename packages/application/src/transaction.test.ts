import 'reflect-metadata'
import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { causedBy } from '@writ/command-router'
import { EventHandler, On } from '@writ/event-handler'
import { type AnyEvent, Command, Event, type EventStore, eventsOf, type StoredEvent } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'
import type { EventsTogether } from './transaction.js'

class Counted extends Event('counted', z.object({ counter: z.string(), by: z.int() }), {
  tags: ({ counter }) => [`counter:${counter}`],
}) {}
class Noted extends Event('noted', z.object({ text: z.string() })) {}
class Unlisted extends Event('unlisted', z.object({ text: z.string() })) {}
class Count extends Command('count', z.object({ counter: z.string(), by: z.int() })) {}

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

const seen: number[] = []

@EventHandler({ name: 'seer', consistency: 'strong' })
class Seer {
  @On(Counted)
  counted({ by }: Counted) {
    seen.push(by)
  }
}

const counting = module({ name: 'counting', aggregates: [Counter], eventHandlers: [Seer], events: [Noted] })

describe('a transaction of an application', () => {
  let store: EventStore
  let app: Application
  beforeEach(async () => {
    seen.length = 0
    store = inMemoryEventStore()
    app = await Application.create({ store, modules: [counting], dispatch: { actor: 'service', metadata: { branch: 'north' } } })
    await app.start()
  })
  afterEach(() => app.stop())

  const stored = async () => {
    const events: StoredEvent[] = []
    for await (const event of eventsOf(store.readAll())) events.push(event)
    return events
  }

  it('stores events of several streams together, and answers with what the work returned', async () => {
    const { result, appended } = await app.transaction(async ({ append }) => {
      append('counter-a', [new Counted({ counter: 'a', by: 2 }), new Counted({ counter: 'a', by: 3 })], { expectedVersion: 0 })
      append('note-1', new Noted({ text: 'both' }))
      return 'done'
    })
    expect({ result, appended }).toEqual({
      result: 'done',
      appended: [
        { version: 2, position: 2 },
        { version: 1, position: 3 },
      ],
    })
    expect(await stored()).toMatchObject([
      { stream: 'counter-a', type: 'counted', tags: ['counter:a'], data: '{"counter":"a","by":2}' },
      { stream: 'counter-a', type: 'counted' },
      { stream: 'note-1', type: 'noted' },
    ])
  })

  it('is seen by handlers, and by aggregates that were loaded before', async () => {
    await app.dispatch(new Count({ counter: 'a', by: 1 }))
    const { appended } = await app.transaction(async ({ append }) => append('counter-a', new Counted({ counter: 'a', by: 4 })))
    await app.dispatch(new Count({ counter: 'a', by: 2 }))
    await app.waitFor(appended[0]!.position)
    expect(seen.slice(0, 2)).toEqual([1, 4])
    expect(await app.stateOf(Counter, 'a')).toMatchObject({ state: { total: 7 }, version: 3 })
  })

  it('gives every event the same metadata, as dispatch does: correlation, cause, actor and the user’s own', async () => {
    await app.transaction(
      async ({ append }) => {
        append('counter-a', new Counted({ counter: 'a', by: 1 }))
        append('note-1', new Noted({ text: 'x' }))
      },
      { correlationId: 'request 1', causationId: 'event 1', actor: 'ann', metadata: { desk: 3 } },
    )
    const expected = { correlationId: 'request 1', causationId: 'event 1', actor: 'ann', user: { branch: 'north', desk: 3 } }
    expect((await stored()).map(({ metadata }) => JSON.parse(metadata))).toEqual([expected, expected])
  })

  it('correlates its events by a new id, and takes the actor from the defaults', async () => {
    await app.transaction(async ({ append }) => {
      append('counter-a', new Counted({ counter: 'a', by: 1 }))
      append('note-1', new Noted({ text: 'x' }))
    })
    const [first, second] = (await stored()).map(({ metadata }) => JSON.parse(metadata))
    expect(first).toEqual({
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      actor: 'service',
      user: { branch: 'north' },
    })
    expect(second).toEqual(first)
  })

  it('follows from an event by the options that causedBy gives', async () => {
    const event = { id: 'event 7', metadata: { correlationId: 'request 1', actor: 'ann' } }
    await app.transaction(async ({ append }) => append('note-1', new Noted({ text: 'x' })), causedBy(event))
    expect(JSON.parse((await stored())[0]!.metadata)).toMatchObject({
      correlationId: 'request 1',
      causationId: 'event 7',
      actor: 'ann',
    })
  })

  it('stores nothing when the work throws, and throws the very same error', async () => {
    const thrown = new Error('no')
    const outcome = app.transaction(async ({ append }) => {
      append('counter-a', new Counted({ counter: 'a', by: 1 }))
      throw thrown
    })
    await expect(outcome).rejects.toBe(thrown)
    expect(await stored()).toEqual([])
  })

  it('stores nothing when one stream is not at the version that is expected', async () => {
    await app.dispatch(new Count({ counter: 'b', by: 1 }))
    const outcome = app.transaction(async ({ append }) => {
      append('counter-a', new Counted({ counter: 'a', by: 1 }))
      append('counter-b', new Counted({ counter: 'b', by: 1 }), { expectedVersion: 'no-stream' })
    })
    await expect(outcome).rejects.toMatchObject({ code: 'wrong-expected-version', stream: 'counter-b', actualVersion: 1 })
    expect(await stored()).toHaveLength(1)
  })

  it('stores nothing when an event matches a condition', async () => {
    await app.dispatch(new Count({ counter: 'b', by: 1 }))
    const outcome = app.transaction(async ({ append }) =>
      append('note-1', new Noted({ text: 'first' }), {
        condition: { failIfMatch: { items: [{ tags: ['counter:b'] }] }, after: 0 },
      }),
    )
    await expect(outcome).rejects.toMatchObject({ code: 'append-condition-failed', position: 1 })
  })

  const strangers: readonly [string, unknown, object][] = [
    ['an event that no module lists', new Unlisted({ text: 'x' }), { type: 'unlisted' }],
    ['a command', new Count({ counter: 'a', by: 1 }), { type: undefined }],
    ['plain data', { type: 'counted', counter: 'a', by: 1 }, { type: undefined }],
    ['nothing', undefined, { type: undefined }],
    ['null', null, { type: undefined }],
  ]
  it.each(strangers)('refuses %s, and stores nothing', async (_, event, facts) => {
    const outcome = app.transaction(async ({ append }) => {
      append('counter-a', new Counted({ counter: 'a', by: 1 }))
      append('counter-a', event as AnyEvent)
    })
    await expect(outcome).rejects.toMatchObject({ code: 'unlisted-event', ...facts })
    expect(await stored()).toEqual([])
  })

  it('takes no event when the work is over', async () => {
    let late: EventsTogether['append'] | undefined
    await app.transaction(async ({ append }) => {
      late = append
    })
    expect(() => late!('note-1', new Noted({ text: 'x' }))).toThrow(expect.objectContaining({ code: 'transaction-ended' }))
  })

  it('has no sql on a store without it, and says so', async () => {
    const asked = app.transaction(async (transaction) => (transaction as { sql?: unknown }).sql)
    await expect(asked).rejects.toMatchObject({ code: 'capability-missing' })
  })

  it.each([
    { actors: 'ann' },
    { actor: '' },
    { metadata: [] },
    { commandId: 'c' },
    { timeout: 0 },
    { retries: -1 },
    { timout: 5 },
  ])('refuses the options %j before the work begins', async (options) => {
    let hasRun = false
    const outcome = app.transaction(async () => {
      hasRun = true
    }, options as object)
    await expect(outcome).rejects.toMatchObject({ code: 'invalid-option' })
    expect(hasRun).toBe(false)
  })

  it('is refused before the start and after the stop', async () => {
    const other = await Application.create({ store: inMemoryEventStore(), modules: [counting] })
    await expect(other.transaction(async () => {})).rejects.toMatchObject({ code: 'application-not-running' })
    await other.start()
    await other.stop()
    await expect(other.transaction(async () => {})).rejects.toMatchObject({ code: 'application-not-running' })
  })

  it('is waited for by a stop', async () => {
    let stopping: Promise<void> | undefined
    const { appended } = await app.transaction(async ({ append }) => {
      stopping = app.stop()
      append('note-1', new Noted({ text: 'x' }))
    })
    await stopping
    expect(appended).toEqual([{ version: 1, position: 1 }])
  })
})
