import {
  type Append,
  type EventStore,
  type ExpectedVersion,
  eventsOf,
  hasCode,
  type NewEvent,
  newLink,
  type StoredEvent,
  type StreamPage,
} from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import fc from 'fast-check'
import { filled, sample } from '../test/filled.js'
import { branchEventStore } from './index.js'

const store = async (allowHardDelete = false) => {
  const made = inMemoryEventStore({ allowHardDelete })
  await made.start()
  return made
}
const branch = async (base: EventStore, at?: number) => {
  const made = branchEventStore({ base, ...(at !== undefined && { at }) })
  await made.start()
  return made
}
const all = async (pages: AsyncIterable<readonly StoredEvent[]>) => {
  const events: StoredEvent[] = []
  for await (const event of eventsOf(pages)) events.push(event)
  return events
}

describe('a branch', () => {
  it('begins as its base is, goes on by itself, and leaves the base as it is', async () => {
    const base = await store()
    await filled(base, 9)
    const before = await all(base.readAll())
    const what = await branch(base)
    expect(await what.append({ stream: 'note-0', events: [sample()], expectedVersion: 3 })).toEqual({ version: 4, position: 10 })
    await base.append({ stream: 'note-0', events: [sample({ type: 'elsewhere' })] })
    expect((await all(what.readStream('note-0'))).map(({ version, type }) => [version, type])).toEqual(
      [1, 2, 3, 4].map((version) => [version, 'noted']),
    )
    expect((await all(base.readAll())).slice(0, 9)).toEqual(before)
    expect((await base.head()).position).toBe(10)
  })

  it('can begin in the past, and sees nothing that came later', async () => {
    const base = await store()
    await filled(base, 30)
    const what = await branch(base, 10)
    expect(what.at).toBe(10)
    expect(await what.head()).toMatchObject({ position: 10 })
    expect((await all(what.readAll())).length).toBe(10)
    expect((await all(what.readStream('note-1'))).map(({ position }) => position)).toEqual([2, 5, 8])
    expect((await all(what.readAll({ query: { items: [{ tags: ['even'] }] } }))).length).toBe(5)
    expect((await all(what.readStream('note-1', { direction: 'backwards', limit: 2 }))).map(({ position }) => position)).toEqual([
      8, 5,
    ])
  })

  it("answers a command that was handled before by the base's receipt, and not one that came later", async () => {
    const base = await store()
    const receipt = (commandId: string) => [{ commandId, eventsUpTo: 1, body: '{}' }]
    await base.append({ stream: 'note-1', events: [sample()], receipts: receipt('before') })
    await base.append({ stream: 'note-1', events: [sample()], receipts: receipt('after') })
    const what = await branch(base, 1)
    const again = (commandId: string) => what.append({ stream: 'note-1', events: [sample()], receipts: receipt(commandId) })
    await expect(again('before')).rejects.toMatchObject({ code: 'command-already-handled', receipt: { version: 1, position: 1 } })
    await expect(again('after')).resolves.toEqual({ version: 2, position: 2 })
    expect(await what.receipts.find('after')).toMatchObject({ version: 2, position: 2 })
    expect(await base.receipts.find('after')).toMatchObject({ version: 2, position: 2, createdAt: expect.any(Date) })
  })

  it('answers a command that decided nothing as its base had when they parted, and not as it did later', async () => {
    const base = await store()
    const receipts = (commandId: string) => [{ commandId, eventsUpTo: 0, body: '{}' }]
    const nothing = (of: EventStore, stream: string, commandId: string) =>
      of.append({ stream, events: [], receipts: receipts(commandId) })
    await filled(base, 2)
    // Neither stream changes from here on, nor does the log until after the second branch.
    await nothing(base, 'note-0', 'before')
    const [now, further] = [await branch(base), branchEventStore({ base: await branch(base) })]
    await further.start()
    await nothing(base, 'note-0', 'at once')
    await base.append({ stream: 'note-1', events: [sample()] })
    await nothing(base, 'note-0', 'later')
    await nothing(base, 'absent', 'later still')
    const [then, earlier] = [await branch(base, 2), await branch(base, 1)]
    const handled = { code: 'command-already-handled', receipt: { stream: 'note-0', version: 1, position: 1 } }
    for (const what of [now, further, then]) {
      await expect(nothing(what, 'note-2', 'before')).rejects.toMatchObject(handled)
      expect(await nothing(what, 'note-2', 'later')).toEqual({ version: 0, position: 0 })
      expect(await nothing(what, 'note-2', 'later still')).toEqual({ version: 0, position: 0 })
    }
    for (const what of [now, further]) expect(await nothing(what, 'note-2', 'at once')).toEqual({ version: 0, position: 0 })
    // At 2, the log stood still until it had come.
    await expect(nothing(then, 'note-2', 'at once')).rejects.toMatchObject(handled)
    expect(await nothing(earlier, 'note-2', 'before')).toEqual({ version: 0, position: 0 })
  })

  it('tells its own base nothing of a command that decided nothing, and a branch of it only what came before', async () => {
    const base = await store()
    await filled(base, 3)
    const what = await branch(base, 2)
    const nothing = (of: EventStore, commandId: string) =>
      of.append({ stream: 'note-0', events: [], receipts: [{ commandId, eventsUpTo: 0, body: '{}' }] })
    await nothing(what, 'before')
    const [now, past] = [await branch(what), await branch(what, 1)]
    await nothing(what, 'later')
    await expect(nothing(now, 'before')).rejects.toMatchObject({ code: 'command-already-handled' })
    for (const [of, commandId] of [
      [now, 'later'],
      [past, 'before'],
      [past, 'later'],
      [base, 'before'],
    ] as const)
      expect(await nothing(of, commandId)).toEqual({ version: 1, position: 1 })
  })

  it('ends where its base does that has not come so far, and sees nothing of what comes there later', async () => {
    const base = await store()
    await filled(base, 3)
    const what = await branch(base, 1_000)
    expect(what.at).toBe(3)
    await base.append({ stream: 'note-0', events: [sample()] })
    expect((await all(what.readAll())).length).toBe(3)
  })

  it('parts once, though it is started twice at a time', async () => {
    const base = await store()
    const what = branchEventStore({ base })
    const first = what.start()
    const appended = base.append({ stream: 'note-0', events: [sample()] })
    await Promise.all([first, appended, what.start()])
    const { at } = what
    await what.start()
    expect(what.at).toBe(at)
    expect(await what.append({ stream: 'note-1', events: [sample()] })).toEqual({ version: 1, position: at + 1 })
  })

  it('can be started again where its base was not running', async () => {
    const base = inMemoryEventStore()
    const what = branchEventStore({ base })
    await expect(what.start()).rejects.toMatchObject({ code: 'store-not-running' })
    await base.start()
    await what.start()
    expect(what.at).toBe(0)
  })

  it.each([
    [{ at: -1 }, 'at'],
    [{ at: 1.5 }, 'at'],
    [{ at: Number.NaN }, 'at'],
    [{ until: 5 } as object, 'until'],
  ])('is refused with %p', async (options, option) => {
    const base = await store()
    expect(() => branchEventStore({ base, ...options })).toThrow(expect.objectContaining({ code: 'invalid-option', option }))
  })

  it('answers an append again that its base was sent, and refuses its ids for others', async () => {
    const base = await store()
    await filled(base, 4)
    const first = { stream: 'note-0', events: [sample(), sample()], expectedVersion: 2 }
    expect(await base.append(first)).toEqual({ version: 4, position: 6 })
    const later = { stream: 'note-1', events: [sample()] }
    const what = await branch(base)
    await base.append(later)
    await what.append({ stream: 'note-0', events: [sample()] })
    expect(await what.append(first)).toEqual({ version: 4, position: 6 })
    const [event] = first.events
    const conflict = { code: 'event-id-conflict', eventId: event!.id }
    await expect(what.append({ ...first, events: [event!] })).resolves.toEqual({ version: 3, position: 5 })
    await expect(what.append({ stream: 'note-1', events: [event!] })).rejects.toMatchObject(conflict)
    await expect(what.append({ ...first, events: [{ ...event!, data: '{}' }] })).rejects.toMatchObject(conflict)
    // What the base got later is none of the branch's business.
    await expect(what.append(later)).resolves.toEqual({ version: 2, position: 8 })
    expect((await all(what.readAll())).length).toBe(8)
  })

  it('uses snapshots of the base that stand for its past, saves its own, and deletes none of the base', async () => {
    const base = await store()
    await filled(base, 6)
    const snapshot = { stream: 'note-0', version: 1, position: 1, schemaVersion: 1, state: '"base"' }
    await base.snapshots.save(snapshot)
    const [past, before] = [await branch(base, 4), await branch(base, 0)]
    expect(await past.snapshots.load('note-0', 1)).toEqual(snapshot)
    expect(await before.snapshots.load('note-0', 1)).toBeUndefined()
    await past.snapshots.save({ ...snapshot, version: 2, position: 4, state: '"own"' })
    expect(await past.snapshots.load('note-0', 1)).toMatchObject({ state: '"own"' })
    await past.snapshots.delete('note-0')
    expect(await past.snapshots.load('note-0', 1)).toBeUndefined()
    expect(await base.snapshots.load('note-0', 1)).toEqual(snapshot)
  })

  it('ends streams of its base, closes their books and links their events, and leaves the base as it is', async () => {
    const base = await store()
    await filled(base, 12)
    const before = JSON.stringify([await all(base.readAll()), await base.streams.list(), await base.head()])
    const what = branchEventStore({ base, allowHardDelete: true })
    await what.start()
    const [first, ...others] = await all(what.readStream('note-0'))
    await what.append({ stream: 'linked', events: [newLink(first!, sample().id), newLink(others[0]!, sample().id)] })
    expect((await all(what.readStream('linked'))).map(({ id, origin }) => [id, origin?.version])).toEqual([
      [first!.id, 1],
      [others[0]!.id, 2],
    ])
    await what.append({ stream: 'note-0', events: [sample()], expectedVersion: 4 })
    expect(await what.streams.truncate('note-0', { before: 2, hard: true })).toEqual({ firstVersion: 2 })
    expect((await all(what.readStream('linked'))).map(({ id }) => id)).toEqual([others[0]!.id])
    expect(await what.streams.truncate('note-0', { before: 5 })).toEqual({ firstVersion: 5 })
    expect((await all(what.readStream('note-0'))).map(({ version }) => version)).toEqual([5])
    expect(await what.streams.delete('note-1', { expectedVersion: 4 })).toEqual({ version: 4, position: 16 })
    await expect(what.append({ stream: 'note-1', events: [sample()] })).rejects.toMatchObject({
      code: 'stream-deleted',
      version: 4,
    })
    expect(await what.streams.delete('note-2', { hard: true })).toEqual({ version: 4, position: 17 })
    const streams = (await all(what.readAll({ query: { items: [{ types: ['noted'] }] } }))).map(({ stream }) => stream)
    expect(streams.filter((stream) => stream === 'note-1')).toHaveLength(4)
    expect(streams).not.toContain('note-2')
    const listed = await what.streams.list()
    expect(listed.streams.map(({ stream, version, firstVersion }) => [stream, version, firstVersion])).toEqual([
      ['linked', 2, 1],
      ['note-0', 5, 5],
      ['note-1', 4, 5],
      ['note-2', 4, 5],
    ])
    expect(JSON.stringify([await all(base.readAll()), await base.streams.list(), await base.head()])).toBe(before)
  })

  it('takes nothing out unless that is allowed', async () => {
    const base = await store()
    await filled(base, 3)
    const what = await branch(base)
    const refused = { code: 'hard-delete-not-allowed' }
    await expect(what.streams.delete('note-0', { hard: true })).rejects.toMatchObject(refused)
    await expect(what.streams.truncate('note-0', { before: 1, hard: true })).rejects.toMatchObject(refused)
  })

  it('lists the streams that were there when it parted, and its own', async () => {
    const base = await store()
    await filled(base, 3)
    const what = await branch(base, 2)
    await what.append({ stream: 'note-1x', events: [sample()] })
    const pages: string[][] = []
    for (let after: string | undefined = ''; after !== undefined; ) {
      const { streams, next }: StreamPage = await what.streams.list({ after, limit: 1 })
      pages.push(streams.map(({ stream }) => stream))
      after = next
    }
    expect(pages.flat()).toEqual(['note-0', 'note-1', 'note-1x'])
  })

  it('can be branched again', async () => {
    const base = await store()
    await filled(base, 4)
    const what = await branch(base, 2)
    await what.append({ stream: 'note-0', events: [sample()] })
    const other = await branch(what)
    expect(await other.append({ stream: 'note-0', events: [sample()], expectedVersion: 2 })).toEqual({ version: 3, position: 4 })
    expect((await all(what.readAll())).length).toBe(3)
  })

  it('refuses to work before it has started', async () => {
    const what = branchEventStore({ base: await store() })
    expect(() => what.at).toThrow(expect.objectContaining({ code: 'store-not-running' }))
    await expect(what.append({ stream: 'a', events: [sample()] })).rejects.toMatchObject({ code: 'store-not-running' })
  })

  it('is, wherever it parts from its base, what one store would be to which all was appended', async () => {
    const streams = fc.constantFrom('a-1', 'a-2', 'b-1')
    const append = fc.record({
      what: fc.constant('append' as const),
      stream: streams,
      events: fc.integer({ min: 0, max: 3 }),
      tags: fc.subarray(['red', 'blue']),
      expectedVersion: fc.constantFrom('any' as const, 'no-stream' as const, 'stream-exists' as const, 0, 1, 2, 3),
      condition: fc.option(fc.record({ tag: fc.constantFrom('red', 'blue'), after: fc.nat(8) }), { freq: 2, nil: undefined }),
      receipt: fc.option(fc.nat(4), { freq: 2, nil: undefined }),
    })
    const link = fc.record({ what: fc.constant('link' as const), stream: streams, target: fc.nat(15) })
    const several = fc.record({ what: fc.constant('several' as const), appends: fc.array(append, { maxLength: 3 }) })
    const again = fc.record({
      what: fc.constant('again' as const),
      which: fc.array(fc.nat(20), { minLength: 1, maxLength: 2 }),
      change: fc.constantFrom(undefined, undefined, 'data', 'stream', 'order', 'version', 'one more'),
    })
    const expectedVersion = fc.constantFrom('any' as const, 'stream-exists' as const, 'no-stream' as const, 1, 3)
    const deletion = { what: fc.constant('delete' as const), stream: streams }
    const end = fc.oneof(
      fc.record({ ...deletion, expectedVersion, hard: fc.constant(false) }),
      fc.record({ ...deletion, expectedVersion: fc.constant('any' as const), hard: fc.constant(true) }),
    )
    const close = (hard: fc.Arbitrary<boolean>) =>
      fc.record({ what: fc.constant('truncate' as const), stream: streams, before: fc.integer({ min: 1, max: 5 }), hard })
    const often = { weight: 6, arbitrary: append }
    const sometimes = { weight: 2, arbitrary: link }
    // A stream of the base that ends with links which lead nowhere ends before them for a branch: no reader is shown them.
    const earlier = fc.oneof(often, sometimes, several, again, close(fc.constant(false)))
    const later = fc.oneof(often, sometimes, several, { weight: 4, arbitrary: again }, close(fc.boolean()), end)
    const read = fc.record({
      direction: fc.constantFrom('forwards' as const, 'backwards' as const),
      limit: fc.integer({ min: 0, max: 30 }),
      pageSize: fc.integer({ min: 1, max: 4 }),
    })
    const range = fc.tuple(fc.nat(12), fc.nat(20))
    await fc.assert(
      fc.asyncProperty(
        fc.array(earlier, { maxLength: 15 }),
        fc.array(later, { maxLength: 15 }),
        read,
        range,
        streams,
        async (before, since, options, [from, to], stream) => {
          const [whole, base] = [await store(true), await store(true)]
          const made: Append[] = []
          for (const given of before) {
            const log = await all(whole.readAll())
            if (given.what === 'link' && given.target >= log.length) continue
            const one = operation(given, log, made)
            expect(await outcome(base, one)).toEqual(await outcome(whole, one))
          }
          const what = branchEventStore({ base, allowHardDelete: true })
          await what.start()
          // What the base goes on with is none of the branch's business.
          await base.append({ stream: 'a-1', events: [sample({ tags: ['red', 'blue'] })] })
          const untouched = await contents(base)
          for (const given of since) {
            const one = operation(given, await all(whole.readAll()), made)
            expect(await outcome(what, one)).toEqual(await outcome(whole, one))
          }
          const ids = made.flatMap(({ events }) => events.map(({ id }) => id))
          const found = async (of: EventStore) => (await of.findEvents(ids)).map(undated)
          expect(await found(what)).toEqual(await found(whole))
          const looks = [
            (of: EventStore) => all(of.readAll({ ...options, after: from, upTo: to })),
            (of: EventStore) => all(of.readAll({ ...options, query: { items: [{ tags: ['red'] }] } })),
            (of: EventStore) => all(of.readStream(stream, { ...options, fromVersion: from, toVersion: to })),
          ]
          const seen = (of: EventStore, look: (typeof looks)[number]) =>
            look(of).then(
              (events) => events.map(undated),
              ({ code, version, position }) => ({ code, version, position }),
            )
          for (const look of looks) expect(await seen(what, look)).toEqual(await seen(whole, look))
          const listed = async (of: EventStore) =>
            (await of.streams.list()).streams.map(({ deletion, ...info }) => [info, deletion?.position, deletion?.hard])
          expect(await listed(what)).toEqual(await listed(whole))
          expect(await contents(base)).toBe(untouched)
        },
      ),
      { numRuns: 300 },
    )
  })
})

const undated = ({ createdAt: _, ...event }: StoredEvent) => event

/** All that a store shows, as text. */
async function contents(store: EventStore): Promise<string> {
  const { streams } = await store.streams.list()
  const open = streams.filter(({ deletion }) => !deletion)
  return JSON.stringify([
    await store.head(),
    await all(store.readAll()),
    streams,
    await Promise.all(open.map(({ stream }) => all(store.readStream(stream)))),
  ])
}

type Operation = (store: EventStore) => Promise<unknown>

interface GivenAppend {
  readonly what: 'append'
  readonly stream: string
  readonly events: number
  readonly tags: string[]
  readonly expectedVersion: ExpectedVersion
  readonly condition: { readonly tag: string; readonly after: number } | undefined
  readonly receipt: number | undefined
}

type Change = 'data' | 'stream' | 'order' | 'version' | 'one more'

type Given =
  | GivenAppend
  | { readonly what: 'several'; readonly appends: readonly GivenAppend[] }
  | { readonly what: 'again'; readonly which: readonly number[]; readonly change: Change | undefined }
  | { readonly what: 'link'; readonly stream: string; readonly target: number }
  | { readonly what: 'delete'; readonly stream: string; readonly expectedVersion: ExpectedVersion; readonly hard: boolean }
  | { readonly what: 'truncate'; readonly stream: string; readonly before: number; readonly hard: boolean }

/** The same for every store that it is done to, ids and all; what it appends joins what was made before, to be repeated. */
function operation(given: Given, log: readonly StoredEvent[], made: Append[]): Operation {
  switch (given.what) {
    case 'delete':
      return (store) => store.streams.delete(given.stream, { expectedVersion: given.expectedVersion, hard: given.hard })
    case 'truncate':
      return (store) => store.streams.truncate(given.stream, { before: given.before, hard: given.hard })
    case 'link': {
      const link = newLink(log[given.target] ?? { position: given.target + 1, id: sample().id }, sample().id)
      return appending(made, { stream: given.stream, events: [link] })
    }
    case 'several':
      return appending(made, ...distinct(given.appends.map(appendOf)))
    case 'again': {
      const earlier = given.which.flatMap((n) => made[n % made.length] ?? [])
      return appending([], ...distinct(earlier).map((append) => changed(append, given.change)))
    }
    default: {
      const append = appendOf(given)
      made.push(append)
      return (store) => store.append(append)
    }
  }
}

function appending(made: Append[], ...appends: readonly Append[]): Operation {
  made.push(...appends)
  return (store) => store.appendAll(appends)
}

/** One for each stream: of two to one stream, no call is made. */
const distinct = (appends: readonly Append[]) => [...new Map(appends.map((append) => [append.stream, append])).values()]

function changed(append: Append, change: Change | undefined): Append {
  const { events } = append
  switch (change) {
    case 'data':
      return { ...append, events: events.map((event) => ({ ...event, data: '{"note":"y"}' })) }
    case 'stream':
      return { ...append, stream: `${append.stream}x` }
    case 'order':
      return { ...append, events: [...events].reverse() }
    case 'version':
      return { ...append, expectedVersion: 2 }
    case 'one more':
      return { ...append, events: [...events, sample()] }
    default:
      return append
  }
}

function appendOf({ stream, events, tags, expectedVersion, condition, receipt }: GivenAppend): Append {
  return {
    stream,
    expectedVersion,
    events: Array.from({ length: events }, (): NewEvent => sample({ tags })),
    ...(condition && { condition: { failIfMatch: { items: [{ tags: [condition.tag] }] }, after: condition.after } }),
    ...(receipt !== undefined && { receipts: [{ commandId: `${receipt}`, eventsUpTo: events, body: '{}' }] }),
  }
}

async function outcome(store: EventStore, operation: Operation): Promise<unknown> {
  try {
    return await operation(store)
  } catch (error) {
    if (hasCode(error, 'append-condition-failed')) return error.code
    const { code, version, position, actualVersion, missed, receipt, eventId } = error as {
      code: string
      eventId?: string
      version?: number
      position?: number
      actualVersion?: number
      missed?: StoredEvent[]
      receipt?: { version: number; position: number }
    }
    return {
      code,
      eventId,
      version,
      position,
      actualVersion,
      missed: missed?.map(undated),
      receipt: receipt && [receipt.version, receipt.position],
    }
  }
}
