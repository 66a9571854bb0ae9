import { categoryOf, type EventMetadata, newLink, type ReadAllOptions, type StoredEvent, systemRuntime } from '@writ/event-store'
import type { Area, World } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { idsOf, logEvents, sample, upTo } from '../sample-events.js'

export const readingPartsOfTheLog: Area = (scenario) => {
  scenario(
    'reads the events of one category, of all its streams, in the order of the log',
    async (world) => {
      const { store, start, account, transfer, all } = await mixed(world)
      for (const category of [account, transfer]) {
        const expected = all.filter(({ stream }) => categoryOf(stream) === category)
        expect(expected.length).toBeGreaterThan(3)
        for (const pageSize of [1, 2, 1_000])
          expect(await logEvents(store, { category, after: start, pageSize })).toEqual(expected)
        expect(await logEvents(store, { category: [category] })).toEqual(expected)
      }
      expect(await logEvents(store, { category: [account, transfer, account], after: start })).toEqual(
        all.filter(({ stream }) => [account, transfer].includes(categoryOf(stream))),
      )
    },
    'queries',
  )

  scenario(
    'ends a category at the first dash: a longer name, and one that differs in case, is another category',
    async ({ store, unique }) => {
      const category = unique('c').replaceAll('-', '')
      const own = [category, `${category}-`, `${category}--1`, `${category}-a-b`]
      const others = [
        `${category}x-1`,
        `${category}.1`,
        `${category},1`,
        category.toUpperCase(),
        `${category.slice(0, -1)}-1`,
        `x${category}-1`,
      ]
      for (const stream of [...own, ...others]) await store.append({ stream, events: [sample()] })
      expect((await logEvents(store, { category })).map(({ stream }) => stream)).toEqual(own)
    },
    'queries',
  )

  scenario(
    'reads the events of one correlation, whatever else their metadata says',
    async ({ store, unique }) => {
      const correlationId = unique('request')
      const metadata = [
        { correlationId },
        { causationId: 'x', correlationId, user: { note: 'a\u0000b \ud83d\ude00' } },
        { correlationId: `${correlationId}x` },
        { causationId: correlationId },
        { user: { correlationId } },
        {},
      ].map((each) => JSON.stringify(each))
      const events = [...metadata, '[1]', `"${correlationId}"`, 'null'].map((each) => sample({ metadata: each }))
      await store.append({ stream: unique('account'), events })
      expect(idsOf(await logEvents(store, { correlationId }))).toEqual(idsOf(events.slice(0, 2)))
      expect(await logEvents(store, { correlationId: unique('request') })).toEqual([])
    },
    'queries',
  )

  scenario(
    'reads the events of one stream, or of several, in the order of the log, whatever their types and tags',
    async (world) => {
      const { store, start, type, tag, all } = await mixed(world)
      const query = { items: [{ types: [type] }, { tags: [tag] }] }
      const asked = (event: StoredEvent) => event.type === type || event.tags.includes(tag)
      const streams = [...new Set(all.map(({ stream }) => stream))]
      for (const stream of [[streams[0]!], streams.slice(1, 4), [streams[2]!, streams[2]!, world.unique('none')]]) {
        const expected = all.filter((event) => stream.includes(event.stream))
        expect(expected.length).toBeGreaterThan(2)
        for (const pageSize of [1, 2, 1_000]) expect(await logEvents(store, { stream, pageSize })).toEqual(expected)
        const [first, last] = [expected[0]!.position, expected.at(-1)!.position]
        expect(await logEvents(store, { stream, after: first, upTo: last - 1 })).toEqual(expected.slice(1, -1))
        expect(await logEvents(store, { stream, limit: 2, pageSize: 1 })).toEqual(expected.slice(0, 2))
        expect(await logEvents(store, { stream, after: last })).toEqual([])
        for (const pageSize of [1, 1_000]) {
          expect(await logEvents(store, { stream, query, after: start, pageSize })).toEqual(expected.filter(asked))
        }
      }
      const [stream] = streams as [string]
      expect(await logEvents(store, { stream })).toEqual(await logEvents(store, { stream: [stream] }))
      const both = { query: { items: [{ types: [type], tags: [tag] }] }, stream: streams }
      expect(await logEvents(store, both)).toEqual(all.filter((event) => event.type === type && event.tags.includes(tag)))
      expect(await logEvents(store, { stream, category: categoryOf(stream) })).toEqual(await logEvents(store, { stream }))
      expect(await logEvents(store, { stream, category: world.unique('other').replaceAll('-', '') })).toEqual([])
    },
    'queries',
  )

  scenario(
    'finds where to go on in a stream by its positions, whatever stands between its events and whatever was taken out of it',
    async ({ store, eraser, start, unique }) => {
      const [stream, other] = [unique('account'), unique('account')]
      for (const n of upTo(40)) {
        await store.append({ stream: n % 3 === 0 ? other : stream, events: [sample(), ...(n % 5 === 0 ? [sample()] : [])] })
      }
      await (await eraser()).streams.truncate(stream, { before: 9, hard: true })
      const own = (await logEvents(store, { after: start })).filter((event) => event.stream === stream)
      expect(own[0]!.version).toBe(9)
      for (const [index, { position }] of own.entries()) {
        for (const after of [position - 1, position]) {
          const expected = own.slice(after === position ? index + 1 : index)
          expect(await logEvents(store, { stream, after })).toEqual(expected)
          expect(await logEvents(store, { stream, upTo: after })).toEqual(own.slice(0, own.length - expected.length))
        }
      }
    },
    'queries',
    'hard deletes',
  )

  scenario(
    'reads of one stream what was written to it: no links, and also what is not read any more of a deleted stream',
    async ({ store, unique }) => {
      const [stream, elsewhere] = [unique('account'), unique('account')]
      const linked = sample()
      await store.append({ stream, events: [sample(), sample()] })
      const { position } = await store.append({ stream: elsewhere, events: [linked] })
      await store.append({ stream, events: [newLink({ position, id: linked.id }, systemRuntime.uuid())] })
      await store.streams.delete(stream)
      expect((await logEvents(store, { stream })).map(({ version }) => version)).toEqual([1, 2])
    },
    'queries',
    'links',
    'deletes',
  )

  scenario(
    'joins query, category, correlation and bounds by "and"',
    async (world) => {
      const { store, start, account, request, type, tag, all } = await mixed(world)
      const query = { items: [{ types: [type] }, { tags: [tag] }] }
      const asked = (event: StoredEvent) => event.type === type || event.tags.includes(tag)
      const isOfAccount = ({ stream }: StoredEvent) => categoryOf(stream) === account
      const isOfRequest = ({ metadata }: StoredEvent) => (JSON.parse(metadata) as EventMetadata).correlationId === request
      const options: [ReadAllOptions, StoredEvent[]][] = [
        [{ query, category: account }, all.filter((event) => asked(event) && isOfAccount(event))],
        [{ query, correlationId: request }, all.filter((event) => asked(event) && isOfRequest(event))],
        [{ category: account, correlationId: request }, all.filter((event) => isOfAccount(event) && isOfRequest(event))],
        [
          { query, category: account, correlationId: request },
          all.filter((event) => asked(event) && isOfAccount(event) && isOfRequest(event)),
        ],
      ]
      for (const [narrowed, expected] of options) {
        expect(expected.length).toBeGreaterThan(2)
        for (const pageSize of [1, 3, 1_000])
          expect(await logEvents(store, { ...narrowed, after: start, pageSize })).toEqual(expected)
        const [first, last] = [expected[0]!.position, expected.at(-1)!.position]
        expect(await logEvents(store, { ...narrowed, after: first, upTo: last - 1 })).toEqual(expected.slice(1, -1))
        expect(await logEvents(store, { ...narrowed, after: start, limit: 2, pageSize: 1 })).toEqual(expected.slice(0, 2))
        expect(await logEvents(store, { ...narrowed, after: last })).toEqual([])
      }
    },
    'queries',
  )

  scenario(
    'reads parts of the log backwards',
    async (world) => {
      const { store, start, account, request, type, all } = await mixed(world)
      const expected = all.filter(({ stream }) => categoryOf(stream) === account).reverse()
      for (const pageSize of [1, 2, 1_000]) {
        expect(await logEvents(store, { category: account, direction: 'backwards', after: start, pageSize })).toEqual(expected)
      }
      const [{ stream }] = all as [StoredEvent]
      const [query, own] = [{ items: [{ types: [type] }] }, all.filter((event) => event.stream === stream).reverse()]
      for (const pageSize of [1, 2, 1_000]) {
        expect(await logEvents(store, { stream, direction: 'backwards', pageSize })).toEqual(own)
        expect(await logEvents(store, { stream, query, direction: 'backwards', pageSize })).toEqual(
          own.filter((event) => event.type === type),
        )
      }
      expect(await logEvents(store, { stream, direction: 'backwards', upTo: own[1]!.position, limit: 1 })).toEqual([own[1]])
      const [last] = await logEvents(store, { correlationId: request, direction: 'backwards', limit: 1 })
      expect(last).toEqual(all.findLast(({ metadata }) => metadata.includes(request)))
      expect(
        await logEvents(store, { category: account, direction: 'backwards', upTo: expected[1]!.position, limit: 1 }),
      ).toEqual([expected[1]])
    },
    'queries',
    'backwards reads',
  )

  scenario(
    'refuses streams and categories that there can not be, and a correlation that is no text',
    async ({ store }) => {
      for (const category of ['', 'account-1', [], ['account', ''], 'a\u001fb', 5 as never, null as never]) {
        await rejectsWith('invalid-read', () => logEvents(store, { category }))
      }
      for (const stream of ['', [], ['account-1', ''], 'a\u001fb', 5 as never, null as never]) {
        await rejectsWith('invalid-read', () => logEvents(store, { stream }))
      }
      for (const correlationId of ['a\u0000b', '\ud83d', 5 as never, null as never]) {
        await rejectsWith('invalid-read', () => logEvents(store, { correlationId }))
      }
    },
    'queries',
  )
}

/** Events of two categories in turn, some with a type, a tag or a correlation that others have not. */
async function mixed({ store, start, unique }: World) {
  const [account, transfer] = [unique('account').replaceAll('-', ''), unique('transfer').replaceAll('-', '')]
  const [request, type, tag] = [unique('request'), unique('type'), unique('tag')]
  for (const n of upTo(30)) {
    const metadata = n % 2 === 0 ? JSON.stringify({ correlationId: request }) : '{}'
    const event = sample({ metadata, ...(n % 3 === 0 && { type }), tags: n % 5 === 0 ? [tag] : [] })
    await store.append({ stream: `${n % 7 < 4 ? account : transfer}-${n % 4}`, events: [event] })
  }
  return { store, start, account, transfer, request, type, tag, all: await logEvents(store, { after: start }) }
}
