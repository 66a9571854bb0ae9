import type { Append, EventIdConflictError, EventStore, ExpectedVersion, WrongExpectedVersionError } from '@writ/event-store'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { idsOf, logEvents, positionsOf, sample, samples, streamEvents, upTo, versionsOf } from '../sample-events.js'

const wrong = 'wrong-expected-version'
const conflict = 'event-id-conflict'

/** Appends to several streams, all or none. */
export const severalStreams: Area = (declare) => {
  const scenario: typeof declare = (sentence, run, ...needs) => declare(sentence, run, 'several streams', ...needs)

  scenario('answers each append with the version and last position of its stream', async ({ store, unique }) => {
    const [one, two] = [unique('account'), unique('account')]
    await store.append({ stream: one, events: samples(2) })
    const appended = await store.appendAll([
      { stream: one, events: samples(3) },
      { stream: two, events: samples(1) },
    ])
    const last = async (stream: string) => (await streamEvents(store, stream)).at(-1)!
    expect(appended).toEqual([
      { version: 5, position: (await last(one)).position },
      { version: 1, position: (await last(two)).position },
    ])
  })

  scenario('places the events of all next to each other in the log, in the order of the appends', async ({ store, unique }) => {
    const appends = [3, 1, 2].map((count) => ({ stream: unique('account'), events: samples(count) }))
    const appended = await store.appendAll(appends)
    const first = appended[0]!.position - 2
    const stored = await logEvents(store, { after: first - 1, upTo: first + 5 })
    expect(idsOf(stored)).toEqual(idsOf(appends.flatMap(({ events }) => events)))
    expect(positionsOf(stored)).toEqual(upTo(6).map((n) => first - 1 + n))
    expect(appended.map(({ position }) => position - first)).toEqual([2, 3, 5])
  })

  scenario('answers an empty list with an empty list', async ({ store, start }) => {
    await expect(store.appendAll([])).resolves.toEqual([])
    expect((await store.head()).position).toBe(start)
  })

  scenario('answers a list of one append as that append', async ({ store, unique }) => {
    const stream = unique('account')
    const [appended] = await store.appendAll([{ stream, events: samples(2), expectedVersion: 'no-stream' }])
    expect(appended).toEqual({ version: 2, position: (await store.head()).position })
  })

  const accepted: readonly [string, number, ExpectedVersion][] = [
    ['an exact version', 3, 3],
    ['version 0 of an absent stream', 0, 0],
    ["'no-stream' of an absent stream", 0, 'no-stream'],
    ["'stream-exists' of a stream with events", 3, 'stream-exists'],
    ["'any' of a stream with events", 3, 'any'],
  ]
  for (const [what, before, expectedVersion] of accepted) {
    scenario(`accepts appends of which one expects ${what}`, async ({ store, unique }) => {
      const [stream, other] = [unique('account'), unique('account')]
      await store.append({ stream, events: samples(before) })
      const appended = await store.appendAll([
        { stream: other, events: samples(1) },
        { stream, events: samples(2), expectedVersion },
      ])
      expect(appended.map(({ version }) => version)).toEqual([1, before + 2])
    })
  }

  const refused: readonly [string, number, ExpectedVersion][] = [
    ['a stale version', 3, 2],
    ['a version that the stream has not reached', 3, 4],
    ["'no-stream' of a stream with events", 3, 'no-stream'],
    ["'stream-exists' of an absent stream", 0, 'stream-exists'],
  ]
  for (const [what, before, expectedVersion] of refused) {
    scenario(`writes nothing to any stream when one append expects ${what}`, async ({ store, start, unique }) => {
      const [stream, first, last] = [unique('account'), unique('account'), unique('account')]
      await store.append({ stream, events: samples(before) })
      const error = await rejectsWith<WrongExpectedVersionError>(wrong, () =>
        store.appendAll([
          { stream: first, events: samples(2) },
          { stream, events: samples(2), expectedVersion },
          { stream: last, events: samples(2) },
        ]),
      )
      expect(error).toMatchObject({ stream, expectedVersion, actualVersion: before })
      expect(await logEvents(store, { after: start })).toHaveLength(before)
    })
  }

  scenario('tells whoever is refused which events were missed', async ({ store, unique }) => {
    const [stream, other] = [unique('account'), unique('account')]
    await store.append({ stream, events: samples(5) })
    const error = await rejectsWith<WrongExpectedVersionError>(wrong, () =>
      store.appendAll([
        { stream: other, events: samples(1) },
        { stream, events: samples(1), expectedVersion: 2 },
      ]),
    )
    expect(error.missed).toEqual(await streamEvents(store, stream, { fromVersion: 3 }))
  })

  scenario('tells of the first append that is refused, in their order', async ({ store, unique }) => {
    const streams = [unique('account'), unique('account'), unique('account')]
    const appends = streams.map((stream, index) => ({ stream, events: samples(1), expectedVersion: index === 0 ? 0 : 7 }))
    expect(await rejectsWith(wrong, () => store.appendAll(appends))).toMatchObject({ stream: streams[1] })
    expect(await rejectsWith(wrong, () => store.appendAll([...appends].reverse()))).toMatchObject({ stream: streams[2] })
  })

  scenario('takes the same appends once they are decided again on what was missed', async ({ store, unique }) => {
    const [stream, other] = [unique('account'), unique('account')]
    await store.append({ stream, events: samples(2) })
    const appends = [
      { stream: other, events: samples(2), expectedVersion: 0 },
      { stream, events: samples(2), expectedVersion: 0 },
    ]
    await rejectsWith(wrong, () => store.appendAll(appends))
    const again = appends.map((append) => (append.stream === stream ? { ...append, expectedVersion: 2 } : append))
    await expect(store.appendAll(again)).resolves.toMatchObject([{ version: 2 }, { version: 4 }])
  })

  scenario(
    'checks the versions of appends without events, and answers with their streams as they are',
    async ({ store, unique }) => {
      const [watched, stream, absent] = [unique('account'), unique('account'), unique('account')]
      const before = await store.append({ stream: watched, events: samples(3) })
      const appends: Append[] = [
        { stream: watched, events: [], expectedVersion: 3 },
        { stream, events: samples(1) },
        { stream: absent, events: [], expectedVersion: 'no-stream' },
      ]
      const [first, second, third] = await store.appendAll(appends)
      expect([first, second?.version, third]).toEqual([before, 1, { version: 0, position: 0 }])
      await store.append({ stream: watched, events: samples(1) })
      await rejectsWith(wrong, () => store.appendAll([appends[0]!, { stream, events: samples(1) }]))
      expect(await streamEvents(store, stream)).toHaveLength(1)
    },
  )

  const malformed: readonly [string, (unique: (prefix: string) => string) => readonly Append[]][] = [
    [
      'two appends to one stream',
      (unique) => {
        const stream = unique('account')
        return [
          { stream, events: samples(1) },
          { stream: unique('account'), events: samples(1) },
          { stream, events: samples(1) },
        ]
      },
    ],
    [
      'more than 10,000 events together',
      (unique) => [
        { stream: unique('account'), events: samples(6_000) },
        { stream: unique('account'), events: samples(4_001) },
      ],
    ],
    [
      'an event id twice',
      (unique) => {
        const event = sample()
        return [
          { stream: unique('account'), events: [event] },
          { stream: unique('account'), events: [event] },
        ]
      },
    ],
    [
      'two receipts for one command',
      (unique) => {
        const receipts = [{ commandId: unique('command'), eventsUpTo: 1, body: '{}' }]
        return [
          { stream: unique('account'), events: samples(1), receipts },
          { stream: unique('account'), events: samples(1), receipts },
        ]
      },
    ],
    [
      'data that is not JSON',
      (unique) => [
        { stream: unique('account'), events: samples(1) },
        { stream: unique('account'), events: [sample({ data: '{"amount":' })] },
      ],
    ],
  ]
  for (const [what, appends] of malformed) {
    scenario(`refuses ${what}, and writes nothing`, async ({ store, start, unique }) => {
      const given = appends(unique)
      await rejectsWith('invalid-append', () => store.appendAll(given))
      expect((await store.head()).position).toBe(start)
    })
  }

  scenario('refuses a malformed stream name among others, and writes nothing', async ({ store, start, unique }) => {
    const appends = [
      { stream: unique('account'), events: samples(1) },
      { stream: '', events: samples(1) },
    ]
    await rejectsWith('invalid-stream-name', () => store.appendAll(appends))
    expect((await store.head()).position).toBe(start)
  })

  scenario('answers a repetition as the first time, whatever happened since', async ({ store, start, unique }) => {
    const appends = [2, 1].map((count) => ({ stream: unique('account'), events: samples(count), expectedVersion: 0 }))
    const first = await store.appendAll(appends)
    await expect(store.appendAll(appends)).resolves.toEqual(first)
    await store.append({ stream: appends[0]!.stream, events: samples(1) })
    await expect(store.appendAll(appends)).resolves.toEqual(first)
    const later = appends.map(({ stream, events }) => ({ stream, events }))
    await expect(store.appendAll(later)).resolves.toEqual(first)
    expect(await logEvents(store, { after: start })).toHaveLength(4)
  })

  scenario(
    'answers a repetition in which an append without events is stale by now',
    async ({ store, unique }) => {
      const [watched, stream] = [unique('account'), unique('account')]
      const receipts = [{ commandId: unique('command'), eventsUpTo: 0, body: '{}' }]
      const appends: Append[] = [
        { stream: watched, events: [], expectedVersion: 0, receipts },
        { stream, events: samples(2) },
      ]
      const [, written] = await store.appendAll(appends)
      const since = await store.append({ stream: watched, events: samples(3) })
      await expect(store.appendAll(appends)).resolves.toEqual([since, written])
    },
    'receipts',
  )

  scenario(
    'answers a repetition in which the stream of an append without events was deleted since',
    async ({ store, unique }) => {
      const [watched, stream] = [unique('account'), unique('account')]
      const before = await store.append({ stream: watched, events: samples(2) })
      const appends: Append[] = [
        { stream: watched, events: [], expectedVersion: 2 },
        { stream, events: samples(2) },
      ]
      const first = await store.appendAll(appends)
      expect(first[0]).toEqual(before)
      await store.streams.delete(watched)
      await expect(store.appendAll(appends)).resolves.toEqual(first)
    },
    'deletes',
  )

  scenario(
    'writes nothing to any stream when one is deleted',
    async ({ store, unique }) => {
      const [deleted, stream] = [unique('account'), unique('account')]
      await store.append({ stream: deleted, events: samples(2) })
      await store.streams.delete(deleted)
      const appends: Append[] = [
        { stream, events: samples(1) },
        { stream: deleted, events: samples(1) },
      ]
      expect(await rejectsWith('stream-deleted', () => store.appendAll(appends))).toMatchObject({ stream: deleted })
      await rejectsWith('stream-deleted', () =>
        store.transaction(async ({ append }) => {
          for (const each of appends) append(each)
        }),
      )
      expect(await streamEvents(store, stream)).toEqual([])
    },
    'deletes',
    'transactions',
  )

  scenario('refuses what is partly repeated and partly new, and writes nothing', async ({ store, start, unique }) => {
    const known: Append = { stream: unique('account'), events: samples(2) }
    await store.append(known)
    const fresh: Append = { stream: unique('account'), events: samples(1) }
    for (const appends of [
      [known, fresh],
      [fresh, known],
    ]) {
      const error = await rejectsWith<EventIdConflictError>(conflict, () => store.appendAll(appends))
      expect(error).toMatchObject({ stream: known.stream, eventId: known.events[0]!.id })
    }
    expect(await logEvents(store, { after: start })).toHaveLength(2)
  })

  scenario('refuses, as one call, appends that had others between them', async ({ store, unique }) => {
    const appends: Append[] = [
      { stream: unique('account'), events: samples(1) },
      { stream: unique('account'), events: samples(1) },
    ]
    await store.append(appends[0]!)
    await store.append({ stream: unique('account'), events: samples(1) })
    await store.append(appends[1]!)
    const error = await rejectsWith<EventIdConflictError>(conflict, () => store.appendAll(appends))
    expect(error).toMatchObject({ stream: appends[0]!.stream })
  })

  scenario('refuses a repetition with other content, and writes nothing', async ({ store, start, unique }) => {
    const appends = [1, 1].map((count) => ({ stream: unique('account'), events: samples(count) }))
    await store.appendAll(appends)
    const changed = [appends[0]!, { ...appends[1]!, events: [{ ...appends[1]!.events[0]!, data: '{}' }] }]
    await rejectsWith(conflict, () => store.appendAll(changed))
    expect(await logEvents(store, { after: start })).toHaveLength(2)
  })

  scenario('stores a call once that is sent twice at the same time', async ({ store, unique }) => {
    for (let turn = 0; turn < 10; turn++) {
      const appends = [2, 3].map((count) => ({ stream: unique('account'), events: samples(count) }))
      const [one, two] = await Promise.all([store.appendAll(appends), store.appendAll(appends)])
      expect(one).toEqual(two)
      for (const { stream, events } of appends) expect(idsOf(await streamEvents(store, stream))).toEqual(idsOf(events))
    }
  })

  scenario(
    'writes nothing when the condition of one append fails',
    async ({ store, start, unique }) => {
      const tag = unique('tag')
      const { position } = await store.append({ stream: unique('account'), events: [sample({ tags: [tag] })] })
      const failIfMatch = { items: [{ tags: [tag] }] }
      const appends = (after: number): Append[] => [
        { stream: unique('account'), events: samples(1) },
        { stream: unique('account'), events: samples(1), condition: { failIfMatch, after } },
      ]
      const error = await rejectsWith('append-condition-failed', () => store.appendAll(appends(0)))
      expect(error).toMatchObject({ position })
      expect(await logEvents(store, { after: start })).toHaveLength(1)
      await expect(store.appendAll(appends(position))).resolves.toHaveLength(2)
    },
    'conditions',
  )

  scenario(
    'judges conditions by what was stored before the call, not by its own events',
    async ({ store, unique }) => {
      const tag = unique('tag')
      const condition = { failIfMatch: { items: [{ tags: [tag] }] }, after: 0 }
      const appends: Append[] = [
        { stream: unique('account'), events: [sample({ tags: [tag] })], condition },
        { stream: unique('account'), events: [sample({ tags: [tag] })], condition },
      ]
      await expect(store.appendAll(appends)).resolves.toHaveLength(2)
    },
    'conditions',
  )

  scenario(
    'keeps the receipts of all appends, and of none when one command was handled before',
    async ({ store, start, unique }) => {
      const commands = [unique('command'), unique('command'), unique('command')]
      const append = (commandId: string): Append => ({
        stream: unique('account'),
        events: samples(2),
        receipts: [{ commandId, eventsUpTo: 1, body: `{"of":"${commandId}"}` }],
      })
      const appends = [append(commands[0]!), append(commands[1]!)]
      const appended = await store.appendAll(appends)
      for (const [index, { stream }] of appends.entries()) {
        const receipt = await store.receipts.find(commands[index]!)
        expect(receipt).toMatchObject({ stream, version: 1, position: appended[index]!.position - 1 })
      }
      const again = [append(commands[2]!), append(commands[1]!)]
      const error = await rejectsWith('command-already-handled', () => store.appendAll(again))
      expect(error).toMatchObject({ receipt: { commandId: commands[1], body: `{"of":"${commands[1]}"}` } })
      await expect(store.receipts.find(commands[2]!)).resolves.toBeUndefined()
      expect(await logEvents(store, { after: start })).toHaveLength(4)
    },
    'receipts',
  )

  scenario(
    'lets exactly one of two processes win that want several streams in different orders, twenty times over',
    async ({ store, neighbour, unique }) => {
      const stores = [store, await neighbour()]
      await Promise.all(upTo(20).map(() => raceForStreams(stores, [unique('account'), unique('account'), unique('account')])))
    },
    'several processes',
  )

  scenario('lets exactly one of fifty calls win that expect the same versions', async ({ store, unique }) => {
    const streams = [unique('account'), unique('account')]
    const outcomes = await Promise.allSettled(
      upTo(50).map(() => store.appendAll(streams.map((stream) => ({ stream, events: samples(2), expectedVersion: 0 })))),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: wrong })
    for (const stream of streams) expect(await streamEvents(store, stream)).toHaveLength(2)
  })

  scenario('keeps the order of calls of one process, single appends among them', async ({ store, unique }) => {
    const [one, two] = [unique('account'), unique('account')]
    const append = (stream: string, expectedVersion: number): Append => ({ stream, events: samples(1), expectedVersion })
    const appended = await Promise.all([
      store.append(append(one, 0)),
      store.appendAll([append(two, 0), append(one, 1)]),
      store.append(append(two, 1)),
      store.appendAll([append(one, 2), append(two, 2)]),
      store.append(append(one, 3)),
    ])
    expect(appended.flat().map(({ version }) => version)).toEqual([1, 1, 2, 2, 3, 3, 4])
  })

  scenario('neither keeps single appends waiting for ever nor is kept waiting by them', async ({ store, unique }) => {
    const hot = unique('account')
    const single = upTo(40).map(async (n) => {
      for (let turn = 0; turn < 5; turn++)
        await store.append({ stream: n % 2 === 0 ? hot : unique('account'), events: samples(1) })
    })
    const together = upTo(20).map(async () => {
      for (let turn = 0; turn < 5; turn++) {
        await store.appendAll([
          { stream: hot, events: samples(1) },
          { stream: unique('account'), events: samples(1) },
        ])
      }
    })
    await Promise.all([...single, ...together])
    expect(versionsOf(await streamEvents(store, hot))).toEqual(upTo(200))
  })

  scenario(
    'stores 10,000 events to 100 streams in one call, whole and in order',
    async ({ store, start, unique }) => {
      const appends = upTo(100).map(() => ({ stream: unique('account'), events: samples(100), expectedVersion: 0 }))
      const appended = await store.appendAll(appends)
      expect(appended.map(({ version }) => version)).toEqual(upTo(100).map(() => 100))
      const stored = await logEvents(store, { after: start })
      expect(idsOf(stored)).toEqual(idsOf(appends.flatMap(({ events }) => events)))
      await expect(store.appendAll(appends)).resolves.toEqual(appended)
    },
    'large appends',
  )

  scenario(
    'refuses to append once it is stopped',
    async ({ another, unique }) => {
      const stopped = await another()
      await stopped.stop()
      await rejectsWith('store-not-running', () => stopped.appendAll([{ stream: unique('account'), events: samples(1) }]))
    },
    'several processes',
  )
}

async function raceForStreams(stores: readonly EventStore[], streams: readonly string[]): Promise<void> {
  const calls = stores.map((_, index) => {
    const order = index % 2 === 0 ? streams : [...streams].reverse()
    return order.map((stream): Append => ({ stream, events: samples(1), expectedVersion: 'no-stream' }))
  })
  const outcomes = await Promise.allSettled(stores.map((store, index) => store.appendAll(calls[index]!)))
  const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
  const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(lost).toHaveLength(stores.length - 1)
  for (const { reason } of lost) expect(reason).toMatchObject({ code: wrong, actualVersion: 1 })
  for (const { stream, events } of calls[winner]!) expect(idsOf(await streamEvents(stores[0]!, stream))).toEqual(idsOf(events))
}
