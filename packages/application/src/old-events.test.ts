import 'reflect-metadata'
import { aggregate } from '@writ/aggregate'
import { route } from '@writ/command-router'
import { eventHandler, on } from '@writ/event-handler'
import { Command, Event, type RecordedEvent, silentLogger, systemRuntime, UnknownEvent, upcaster } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { firstValueFrom } from 'rxjs'
import { z } from 'zod'
import { Application } from './application.js'
import type { InvalidApplicationError } from './errors.js'
import { type Module, module } from './module.js'
import type { ApplicationOptions } from './options.js'
import type { EventsTogether } from './transaction.js'

class Opened extends Event('opened', z.object({ box: z.string() }), { schemaVersion: 2 }) {}
class Closed extends Event('closed', z.object({ box: z.string() })) {}
class CloseBox extends Command('close-box', z.object({ box: z.string() })) {}

const box = aggregate({
  category: 'box',
  identity: 'box',
  commands: [CloseBox],
  events: [Opened, Closed],
  initialState: { opened: 0 },
  decide: { 'close-box': (_, { box }) => new Closed({ box }) },
  evolve: { opened: ({ opened }) => ({ opened: opened + 1 }), closed: (state) => state },
})
const fromOne = upcaster({
  from: { type: 'opened', schemaVersion: 1 },
  to: Opened,
  upcast: ({ id }: { id: string }) => ({ box: id }),
})
const boxes = module({ name: 'boxes', aggregates: [box], upcasters: [fromOne] })

const create = (modules: readonly Module[], options: Partial<ApplicationOptions> = {}) =>
  Application.create({ store: inMemoryEventStore(), modules, ...options })

/** An application over a log with two events of unknown types around one of an old shape. */
async function withUnknown(options: Partial<ApplicationOptions>) {
  const handled: string[] = []
  const handler = eventHandler({
    name: 'seer',
    consistency: 'strong',
    on: [on(Opened, (_, { event }) => void handled.push(event.type))],
  })
  const app = await create([boxes, module({ name: 'seers', eventHandlers: [handler] })], options)
  await app.store.start()
  for (const [type, data] of [
    ['box-painted', '{"colour":"red"}'],
    ['opened', '{"id":"b"}'],
    ['box-painted', '{"colour":"blue"}'],
  ] as const) {
    const event = { id: systemRuntime.uuid(), type, schemaVersion: 1, data, metadata: '{}', tags: [] }
    await app.store.append({ stream: 'box-b', events: [event] })
  }
  await app.start()
  const firstEvents = (count: number) =>
    new Promise<RecordedEvent[]>((resolve, reject) => {
      const events: RecordedEvent[] = []
      app.events().subscribe({ next: (event) => events.push(event) === count && resolve(events), error: reject })
    })
  return { app, handled, firstEvents }
}

describe('the upcasters of an application', () => {
  it('are composed of those of its modules, for the readers of all of them', async () => {
    const readers = module({ name: 'readers', eventHandlers: [eventHandler({ name: 'r', on: [on(Opened, () => {})] })] })
    const app = await create([readers, boxes, module({ name: 'again', upcasters: [fromOne] })])
    expect([...app.eventTypes.storedTypesOf(['opened'])]).toEqual(['opened'])
    await app.stop()
  })

  it('are told by their module in what is wrong with them', async () => {
    const away = upcaster({ from: { type: 'opened', schemaVersion: 1 }, to: [] })
    const lost = upcaster({
      from: { type: 'gone', schemaVersion: 1 },
      to: { type: 'close', schemaVersion: 1 },
      upcast: () => ({}),
    })
    const problem = create([boxes, module({ name: 'others', upcasters: [away, lost] })])
    const { problems } = (await problem.catch((error: unknown) => error)) as InvalidApplicationError
    expect(problems).toMatchObject([
      { code: 'duplicate-upcaster', message: expect.stringMatching(/\(module 'boxes'\), and .*\(module 'others'\)/) },
      { code: 'unknown-upcaster-target', message: expect.stringMatching(/\(module 'others'\) leads to .*'closed'/) },
    ])
  })

  it('hold for a boundary within a transaction: it finds what events are today, and of their parts those that it asks for', async () => {
    class Named extends Event('named', z.object({ box: z.string(), name: z.string() }), {
      tags: ({ name }) => [`name:${name}`],
    }) {}
    class NameBox extends Command('name-box', z.object({ box: z.string(), name: z.string() })) {}
    const labels = aggregate({
      category: 'label',
      identity: 'box',
      commands: [],
      events: [Named],
      initialState: {},
      decide: {},
      evolve: { named: (state) => state },
    })
    const seen: string[][] = []
    const naming = route(NameBox, {
      aggregate: labels,
      boundary: ({ name }) => ({ types: ['named'], tags: [`name:${name}`] }),
      handle: (_state, { box, name }, { boundary }) => {
        seen.push(boundary.map(({ type, position, part }) => `${type} ${position}/${part}`))
        return boundary.length > 1 ? [] : new Named({ box, name })
      },
    })
    const labelled = upcaster({
      from: { type: 'labelled', schemaVersion: 1 },
      to: [{ type: 'opened', schemaVersion: 2 }, Named],
      upcast: ({ id, name }: { id: string; name: string }) => [{ opened: { box: id } }, { named: { box: id, name } }],
    })
    const parts = { name: 'labels', aggregates: [labels], commandHandlers: [naming], upcasters: [labelled] }
    const app = await create([boxes, module(parts)])
    await app.start()
    const old = { type: 'labelled', schemaVersion: 1, data: '{"id":"b","name":"x"}', metadata: '{}', tags: ['name:x'] }
    const labelAgain = (stream: string) => app.store.append({ stream, events: [{ ...old, id: systemRuntime.uuid() }] })
    await labelAgain('old-1')
    const nameIt = async ({ dispatch }: Pick<EventsTogether, 'dispatch'>) => {
      await dispatch(new NameBox({ box: 'c', name: 'x' }))
      if (seen.length === 1) await labelAgain('old-2')
    }
    await app.transaction(nameIt, { retries: 1 })
    // The second attempt, for another came meanwhile that was stored under its old name.
    expect(seen).toEqual([['named 1/1'], ['named 1/1', 'named 2/1']])
    await app.stop()
  })

  it('hold in a branch, also for events that only handlers know which do not run there', async () => {
    class Painted extends Event('painted', z.object({ box: z.string() })) {}
    const painter = eventHandler({ name: 'painter', on: [on(Painted, () => {})] })
    const toPainted = upcaster({
      from: { type: 'coloured', schemaVersion: 1 },
      to: { type: 'painted', schemaVersion: 1 },
      upcast: ({ id }) => ({ box: id }),
    })
    const views = upcaster({ from: { type: 'viewed', schemaVersion: 1 }, to: [] })
    const painters = module({ name: 'painters', eventHandlers: [painter], upcasters: [toPainted, views] })
    const app = await create([boxes, painters])
    await app.start()
    const old = { id: systemRuntime.uuid(), type: 'coloured', schemaVersion: 1, data: '{"id":"b"}', metadata: '{}', tags: [] }
    await app.store.append({ stream: 'wall-b', events: [old] })
    const branch = await app.branch()
    expect((await firstValueFrom(branch.app.events())).data).toEqual(new Painted({ box: 'b' }))
    const own = [
      { ...old, id: systemRuntime.uuid(), data: '{"id":"c"}' },
      { ...old, id: systemRuntime.uuid(), type: 'viewed' },
    ]
    await branch.app.store.append({ stream: 'wall-b', events: own })
    const happened: unknown[] = []
    for await (const { data, version } of branch.events()) happened.push([data, version])
    expect(happened).toEqual([[new Painted({ box: 'c' }), 2]])
    await branch.discard()
    await app.stop()
  })

  it('must leave no gap', async () => {
    await expect(create([module({ name: 'boxes', aggregates: [box] })])).rejects.toMatchObject({
      code: 'upcaster-gap',
      type: 'opened',
      missing: [1],
    })
  })

  it('are told by their module when they fail', async () => {
    const broken = upcaster({ ...fromOne, to: Opened, upcast: () => 'text' as never })
    const app = await create([module({ name: 'boxes', aggregates: [box], upcasters: [broken] })])
    await app.start()
    const event = { id: systemRuntime.uuid(), type: 'opened', schemaVersion: 1, data: '{}', metadata: '{}', tags: [] }
    await app.store.append({ stream: 'box-b', events: [event] })
    await expect(app.stateOf(box, 'b')).rejects.toMatchObject({
      code: 'undecodable-event',
      position: 1,
      message: expect.stringContaining("(module 'boxes') gave no object"),
    })
    await app.stop()
  })
})

describe('events of types that an application does not know', () => {
  it('are an error with their place, for whoever meets them', async () => {
    const { app, handled, firstEvents } = await withUnknown({})
    await app.waitFor(3)
    expect(handled).toEqual(['opened'])
    await expect(firstEvents(1)).rejects.toMatchObject({ code: 'unknown-event-type', type: 'box-painted', position: 1 })
    await expect(app.stateOf(box, 'b')).rejects.toMatchObject({ code: 'unknown-event-type', position: 1 })
    await app.stop()
  })

  it('are passed where that is asked for: to those who follow all events, and past aggregates and handlers', async () => {
    const warned: object[] = []
    const logger = { ...silentLogger, warn: (facts: object) => void warned.push(facts) }
    const { app, handled, firstEvents } = await withUnknown({ unknownEvents: 'pass', logger })
    await app.waitFor(3)
    expect(handled).toEqual(['opened'])
    const [first, second, third] = (await firstEvents(3)).map(({ data }) => data)
    expect(first).toEqual(new UnknownEvent('box-painted', 1, { colour: 'red' }))
    expect(second).toEqual(new Opened({ box: 'b' }))
    expect(third).toBeInstanceOf(UnknownEvent)
    expect(await app.stateOf(box, 'b')).toMatchObject({ state: { opened: 1 }, version: 3 })
    expect(await app.dispatch(new CloseBox({ box: 'b' }))).toMatchObject({ version: 4 })
    expect(warned).toEqual([{ type: 'box-painted', stream: 'box-b', position: 1 }])
    expect((await app.health()).unknownEvents).toEqual({ 'box-painted': 6 })
    await app.stop()
  })

  it('are not counted where there are none', async () => {
    const app = await create([boxes], { unknownEvents: 'pass' })
    expect(await app.health()).not.toHaveProperty('unknownEvents')
    await app.stop()
  })

  it('can be refused or passed, and nothing else', async () => {
    const unknownEvents = 'ignore' as never
    await expect(create([boxes], { unknownEvents })).rejects.toMatchObject({ code: 'invalid-option', option: 'unknownEvents' })
  })
})
