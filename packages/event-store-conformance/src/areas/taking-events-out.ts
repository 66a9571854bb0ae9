import {
  type EventStore,
  hasCode,
  newLink,
  type StreamDeletedError,
  systemRuntime,
  type WrongExpectedVersionError,
} from '@writ/event-store'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { idsOf, logEvents, positionsOf, sample, samples, streamEvents, upTo } from '../sample-events.js'

const gone = 'stream-deleted'
const hard = { hard: true }

export const takingEventsOut: Area = (scenario) => {
  const erasing: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'hard deletes', ...needs)

  erasing(
    'takes nothing out where that is not allowed',
    async ({ store, start, unique }) => {
      const stream = unique('account')
      await store.append({ stream, events: samples(3) })
      const error = await rejectsWith('hard-delete-not-allowed', () => store.streams.delete(stream, hard))
      expect(error).toMatchObject({ adapter: store.adapter, stream })
      await rejectsWith('hard-delete-not-allowed', () => store.streams.truncate(stream, { before: 2, hard: true }))
      expect(await streamEvents(store, stream)).toHaveLength(3)
      expect(await logEvents(store, { after: start })).toHaveLength(3)
    },
    'several processes',
  )

  erasing('takes the events of a stream out of the log', async ({ store, eraser, start, unique }) => {
    const [stream, other] = [unique('account'), unique('account')]
    for (const name of [stream, other, stream, other]) await store.append({ stream: name, events: samples(2) })
    const others = await streamEvents(store, other)
    const { version } = await (await eraser()).streams.delete(stream, hard)
    expect(version).toBe(4)
    expect(await logEvents(store, { after: start })).toEqual(others)
    expect(await streamEvents(store, other)).toEqual(others)
  })

  erasing('says of a stream that its events were taken out', async ({ store, eraser, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(2) })
    const { position } = await (await eraser()).streams.delete(stream, { ...hard, metadata: { actor: 'ann' } })
    const facts = { version: 2, hard: true, position, actor: 'ann' }
    for (const attempt of [() => streamEvents(store, stream), () => store.append({ stream, events: [sample()] })]) {
      expect(await rejectsWith<StreamDeletedError>(gone, attempt)).toMatchObject({ stream, ...facts })
    }
    await expect(store.streams.info(stream)).resolves.toMatchObject({ version: 2, deletion: facts })
  })

  erasing(
    'finds what was taken out by no query, and refuses no condition for it',
    async ({ store, eraser, start, unique }) => {
      const [tag, type] = [unique('tag'), unique('type')]
      const [stream, other] = [unique('account'), unique('account')]
      await store.append({ stream, events: samples(3, { tags: [tag, 'b'], type }) })
      await (await eraser()).streams.delete(stream, hard)
      for (const item of [{ tags: [tag] }, { types: [type] }, { types: [type], tags: [tag] }]) {
        const query = { items: [item] }
        expect(await logEvents(store, { after: start, query })).toEqual([])
        await store.append({ stream: other, events: [sample()], condition: { failIfMatch: query, after: 0 } })
      }
    },
    'queries',
    'conditions',
  )

  erasing(
    'gives no position out twice, also when the last events of the log are taken out',
    async ({ store, eraser, unique }) => {
      const stream = unique('account')
      const { position: last } = await store.append({ stream, events: samples(5) })
      const { position } = await (await eraser()).streams.delete(stream, hard)
      expect(position).toBeGreaterThan(last)
      expect((await store.head()).position).toBe(position)
      const next = await store.append({ stream: unique('account'), events: [sample()] })
      expect(next.position).toBeGreaterThan(position)
    },
  )

  erasing('lets a reader of the log pass over the gap', async ({ store, eraser, start, unique }) => {
    const streams = [unique('account'), unique('account'), unique('account')]
    for (const stream of streams) await store.append({ stream, events: samples(10) })
    await (await eraser()).streams.delete(streams[1]!, hard)
    const expected = await logEvents(store, { after: start })
    expect(expected).toHaveLength(20)
    for (const pageSize of [1, 3, 7, 10, 100]) {
      expect(await logEvents(store, { after: start, pageSize })).toEqual(expected)
      expect(await logEvents(store, { after: start, limit: 15, pageSize })).toEqual(expected.slice(0, 15))
    }
    const inside = expected[9]!.position + 3
    expect(await logEvents(store, { after: inside })).toEqual(expected.slice(10))
    expect(await logEvents(store, { after: start, upTo: inside })).toEqual(expected.slice(0, 10))
  })

  erasing(
    'goes on with what is left when a stream is taken out of a log that is being read',
    async ({ store, eraser, start, unique }) => {
      const [stream, other] = [unique('account'), unique('account')]
      await store.append({ stream, events: samples(20) })
      await store.append({ stream: other, events: samples(20) })
      const seen: number[] = []
      for await (const page of store.readAll({ after: start, pageSize: 5 })) {
        seen.push(...positionsOf(page))
        if (page[0]!.position === start + 1) await (await eraser()).streams.delete(stream, hard)
      }
      expect(seen).toEqual(expect.arrayContaining(positionsOf(await streamEvents(store, other))))
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b))
    },
  )

  erasing('takes an event id that was taken out with its event', async ({ store, eraser, unique }) => {
    const [stream, other] = [unique('account'), unique('account')]
    const events = samples(2)
    await store.append({ stream, events })
    await (await eraser()).streams.delete(stream, hard)
    await store.append({ stream: other, events: events.map((event) => ({ ...event, data: '"other"' })) })
    expect(idsOf(await streamEvents(store, other))).toEqual(idsOf(events))
    // And what is repeated for the old stream is refused, not stored there again.
    await rejectsWith('event-id-conflict', () => store.append({ stream, events }))
  })

  erasing('refuses to repeat an append whose events were taken out', async ({ store, eraser, unique }) => {
    const append = { stream: unique('account'), events: samples(2), expectedVersion: 0 }
    await store.append(append)
    await (await eraser()).streams.delete(append.stream, hard)
    await rejectsWith(gone, () => store.append(append))
  })

  erasing(
    'leaves links out whose events were taken out',
    async ({ store, eraser, unique }) => {
      const [one, two, audit] = [unique('account'), unique('account'), unique('audit')]
      for (const stream of [one, two]) {
        await store.append({ stream, events: [sample()] })
        const [event] = await streamEvents(store, stream)
        await store.append({ stream: audit, events: [newLink(event!, systemRuntime.uuid()), sample()] })
      }
      await (await eraser()).streams.delete(one, hard)
      const left = await streamEvents(store, audit)
      expect(left.map(({ version, origin }) => [version, origin?.stream])).toEqual([
        [2, undefined],
        [3, two],
        [4, undefined],
      ])
    },
    'links',
  )

  erasing(
    'takes the snapshots of a stream out with its events, and lets none be saved again',
    async ({ store, eraser, unique }) => {
      const [stream, other] = [unique('account'), unique('account')]
      for (const name of [stream, other]) {
        await store.append({ stream: name, events: samples(2) })
        for (const schemaVersion of [1, 2]) {
          await store.snapshots.save({ stream: name, version: 2, position: 1, schemaVersion, state: '"secret"' })
        }
      }
      await (await eraser()).streams.delete(stream, hard)
      for (const schemaVersion of [1, 2]) {
        await expect(store.snapshots.load(stream, schemaVersion)).resolves.toBeUndefined()
        await expect(store.snapshots.load(other, schemaVersion)).resolves.toBeDefined()
        const late = { stream, version: 3, position: 1, schemaVersion, state: '"secret"' }
        await expect(store.snapshots.save(late)).resolves.toBe(false)
        await expect(store.snapshots.load(stream, schemaVersion)).resolves.toBeUndefined()
      }
    },
    'snapshots',
  )

  erasing(
    'keeps receipts, which go on to answer',
    async ({ store, eraser, unique }) => {
      const stream = unique('account')
      const receipts = [{ commandId: unique('command'), eventsUpTo: 1, body: '{}' }]
      await store.append({ stream, events: [sample()], receipts })
      await (await eraser()).streams.delete(stream, hard)
      await rejectsWith('command-already-handled', () => store.append({ stream, events: [sample()], receipts }))
    },
    'receipts',
  )

  erasing('takes the events out of a stream that was deleted without', async ({ store, eraser, start, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(3) })
    const soft = await store.streams.delete(stream, { metadata: { actor: 'ann' } })
    expect(await logEvents(store, { after: start })).toHaveLength(3)
    const stale = await rejectsWith<WrongExpectedVersionError>('wrong-expected-version', async () =>
      (await eraser()).streams.delete(stream, { ...hard, expectedVersion: 2 }),
    )
    expect(stale).toMatchObject({ actualVersion: 3, missed: undefined })
    const { version, position } = await (await eraser()).streams.delete(stream, { ...hard, metadata: { actor: 'bob' } })
    expect(version).toBe(3)
    expect(position).toBeGreaterThan(soft.position)
    expect(await logEvents(store, { after: start })).toEqual([])
    await expect(store.streams.info(stream)).resolves.toMatchObject({
      version: 3,
      deletion: { hard: true, position, actor: 'bob' },
    })
  })

  erasing('takes the events of a stream out once', async ({ eraser, unique }) => {
    const store = await eraser()
    const stream = unique('account')
    await store.append({ stream, events: samples(2) })
    await store.streams.delete(stream, hard)
    for (const options of [hard, { hard: false }, { ...hard, expectedVersion: 'any' } as const]) {
      await rejectsWith(gone, () => store.streams.delete(stream, options))
    }
  })

  erasing('takes nothing out at another version than the expected one', async ({ store, eraser, start, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(3, { tags: ['a'] }) })
    for (const expectedVersion of [0, 2, 4, 'no-stream'] as const) {
      await rejectsWith('wrong-expected-version', async () =>
        (await eraser()).streams.delete(stream, { ...hard, expectedVersion }),
      )
    }
    expect(await logEvents(store, { after: start })).toHaveLength(3)
    await expect(store.append({ stream, events: [sample()], expectedVersion: 3 })).resolves.toMatchObject({ version: 4 })
  })

  erasing('takes a stream of 3,000 tagged events out', async ({ store, eraser, start, unique }) => {
    const stream = unique('account')
    const tag = unique('tag')
    await store.append({ stream, events: samples(3_000, { tags: [tag, 'x', 'y'] }) })
    const { version } = await (await eraser()).streams.delete(stream, hard)
    expect(version).toBe(3_000)
    expect(await logEvents(store, { after: start })).toEqual([])
  })

  erasing('takes a name out of use that no stream has', async ({ store, eraser, unique }) => {
    const stream = unique('account')
    await rejectsWith('wrong-expected-version', async () => (await eraser()).streams.delete(stream, hard))
    await (await eraser()).streams.delete(stream, { ...hard, expectedVersion: 'no-stream' })
    await rejectsWith(gone, () => store.append({ stream, events: [sample()] }))
  })

  erasing(
    'takes out what two processes go on appending until it is deleted, all of it',
    async ({ store, neighbour, eraser, start, unique }) => {
      const [stream, other] = [unique('account'), unique('account')]
      await store.append({ stream, events: [sample()] })
      let accepted = 0
      const appending = async (one: EventStore) => {
        for (;;) {
          try {
            await one.append({ stream, events: samples(3, { tags: ['a'] }) })
            await one.append({ stream: other, events: [sample()] })
            accepted++
          } catch (error) {
            if (!hasCode(error, gone)) throw error
            return
          }
        }
      }
      const one = await eraser()
      const both = Promise.all([store, await neighbour()].map(appending))
      while (accepted < 20) await store.head()
      const { version, position } = await one.streams.delete(stream, hard)
      await both
      expect(version).toBeGreaterThanOrEqual(61)
      const left = await logEvents(store, { after: start })
      expect(left.filter((event) => event.stream === stream)).toEqual([])
      expect(left).toEqual(await streamEvents(store, other))
      expect((await store.head()).position).toBeGreaterThanOrEqual(position)
    },
    'several processes',
  )

  erasing(
    'lets exactly one of a hard delete and an append win that expect the same version, twenty times over',
    async ({ store, eraser, unique }) => {
      const one = await eraser()
      const race = async () => {
        const stream = unique('account')
        await store.append({ stream, events: samples(3) })
        const [deletion, append] = await Promise.allSettled([
          one.streams.delete(stream, { ...hard, expectedVersion: 3 }),
          store.append({ stream, events: [sample()], expectedVersion: 3 }),
        ])
        if (deletion.status === 'fulfilled') expect(append).toMatchObject({ reason: { code: gone, hard: true } })
        else {
          expect(deletion.reason).toMatchObject({ code: 'wrong-expected-version', actualVersion: 4 })
          expect(append.status).toBe('fulfilled')
          expect(await streamEvents(store, stream)).toHaveLength(4)
        }
      }
      for (const _ of upTo(4)) await Promise.all(upTo(5).map(race))
    },
  )

  erasing(
    'lets one of ten hard deletes and ten soft ones win, or one of each, in that order',
    async ({ store, eraser, unique }) => {
      const one = await eraser()
      const stream = unique('account')
      await store.append({ stream, events: samples(5) })
      const outcomes = await Promise.allSettled(
        upTo(20).map((n) => (n % 2 === 0 ? one.streams.delete(stream, hard) : store.streams.delete(stream))),
      )
      const won = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index % 2 === 1 ? 'hard' : 'soft'] : []))
      expect([['hard'], ['soft', 'hard']].map((order) => [...order].sort().join())).toContain([...won].sort().join())
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: gone })
      }
      await expect(store.streams.info(stream)).resolves.toMatchObject({ version: 5, deletion: { hard: true } })
    },
  )

  erasing(
    'takes the events before a version out of the log, and of the tags',
    async ({ store, eraser, start, unique }) => {
      const stream = unique('account')
      const tag = unique('tag')
      await store.append({ stream, events: samples(6, { tags: [tag] }) })
      const events = await streamEvents(store, stream)
      await (await eraser()).streams.truncate(stream, { before: 4, hard: true })
      const left = events.slice(3)
      expect(await streamEvents(store, stream)).toEqual(left)
      expect(await logEvents(store, { after: start })).toEqual(left)
      expect(await logEvents(store, { after: start, query: { items: [{ tags: [tag] }] } })).toEqual(left)
      await expect(store.append({ stream, events: [sample()], expectedVersion: 6 })).resolves.toMatchObject({ version: 7 })
    },
    'truncation',
    'queries',
  )

  erasing(
    'takes out what was only closed before, and no more than it is asked for',
    async ({ store, eraser, start, unique }) => {
      const one = await eraser()
      const stream = unique('account')
      await store.append({ stream, events: samples(6) })
      const events = await streamEvents(store, stream)
      await store.streams.truncate(stream, { before: 5 })
      await expect(one.streams.truncate(stream, { before: 3, hard: true })).resolves.toEqual({ firstVersion: 5 })
      expect(await logEvents(store, { after: start })).toEqual(events.slice(2))
      expect(await streamEvents(store, stream)).toEqual(events.slice(4))
      await one.streams.truncate(stream, { before: 5, hard: true })
      await one.streams.truncate(stream, { before: 5, hard: true })
      expect(await logEvents(store, { after: start })).toEqual(events.slice(4))
      await one.streams.delete(stream, hard)
      expect(await logEvents(store, { after: start })).toEqual([])
    },
    'truncation',
  )

  erasing(
    'says which id conflicts where a part of an append was taken out',
    async ({ store, eraser, unique }) => {
      const stream = unique('account')
      const events = samples(4)
      await store.append({ stream, events })
      await (await eraser()).streams.truncate(stream, { before: 3, hard: true })
      await rejectsWith('event-id-conflict', () => store.append({ stream, events }))
    },
    'truncation',
  )
}
