import { type EventQuery, hasCode, matchesQuery } from '@writ/event-store'
import fc from 'fast-check'
import type { Area, World } from '../area.js'
import { idsOf, logEvents, sample, upTo } from '../sample-events.js'

/** What a query can name: few, so that they meet. */
interface Names {
  readonly types: readonly string[]
  readonly tags: readonly string[]
}

export const boundaries: Area = (scenario) => {
  scenario(
    'agree with reads on every event: what a read finds refuses an append, and nothing else does',
    async (world) => {
      const { store, start } = world
      const names = namesFor(world)
      await appendRandomly(world, names, 120)
      const all = await logEvents(store, { after: start })
      const head = (await store.head()).position
      const places = fc.integer({ min: start, max: head + 3 })
      for (const [query, after] of fc.sample(fc.tuple(queryOf(names), places), { numRuns: 150, seed: head })) {
        const expected = all.filter((event) => event.position > after && matchesQuery(query, event))
        expect({ query, after, found: idsOf(await logEvents(store, { query, after })) }).toEqual({
          query,
          after,
          found: idsOf(expected),
        })
        expect({ query, after, refused: await isRefused(world, query, after) }).toEqual({
          query,
          after,
          refused: expected.length > 0,
        })
      }
    },
    'queries',
    'conditions',
  )

  scenario(
    'are found among thousands of events, in pages of any size, whichever names are rare',
    async (world) => {
      const { store, start, unique } = world
      const names = namesFor(world)
      const [frequent, everywhere] = [unique('type'), unique('tag')]
      const rare = (n: number) => n % 331 === 0
      const events = upTo(2_500).map((n) =>
        sample({
          type: rare(n) ? names.types[n % 4]! : frequent,
          tags: [...(n % 3 > 0 ? [everywhere] : []), ...(n % 250 < 2 ? [names.tags[n % 3]!] : [])],
        }),
      )
      for (let from = 0; from < events.length; from += 500) {
        await store.append({ stream: unique('account'), events: events.slice(from, from + 500) })
      }
      const head = (await store.head()).position
      const all = await logEvents(store, { after: start })
      const more: Names = { types: [...names.types, frequent], tags: [...names.tags, everywhere] }
      const given = fc.record({
        query: queryOf(more),
        after: fc.integer({ min: start, max: head }),
        upTo: fc.integer({ min: start, max: head }),
        pageSize: fc.constantFrom(1, 7, 100, 1_000, 10_000),
        limit: fc.constantFrom(1, 5, 150, 10_000),
      })
      for (const options of fc.sample(given, { numRuns: 40, seed: 4 })) {
        const { query, after, upTo, limit } = options
        const within = all.filter(({ position }) => position > after && position <= upTo)
        const matching = within.filter((event) => matchesQuery(query, event))
        if (options.pageSize > 1 || matching.length < 50) {
          expect({ options, found: idsOf(await logEvents(store, options)) }).toEqual({
            options,
            found: idsOf(matching.slice(0, limit)),
          })
        }
        const newer = all.filter((event) => event.position > after && matchesQuery(query, event))
        expect({ query, after, refused: await isRefused(world, query, after) }).toEqual({
          query,
          after,
          refused: newer.length > 0,
        })
      }
    },
    'queries',
    'conditions',
  )

  scenario(
    'are found backwards among thousands of events',
    async (world) => {
      const { store, start, unique } = world
      const names = namesFor(world)
      await appendRandomly(world, names, 700)
      await store.append({ stream: unique('account'), events: upTo(900).map((n) => sample({ type: names.types[n % 2]! })) })
      const head = (await store.head()).position
      const all = (await logEvents(store, { after: start })).reverse()
      const given = fc.record({
        query: queryOf(names),
        upTo: fc.integer({ min: start, max: head }),
        limit: fc.constantFrom(1, 20, 400, 5_000),
      })
      for (const options of fc.sample(given, { numRuns: 40, seed: 5 })) {
        const expected = all.filter((event) => event.position <= options.upTo && matchesQuery(options.query, event))
        const found = await logEvents(store, { ...options, after: start, direction: 'backwards' })
        expect({ options, found: idsOf(found) }).toEqual({ options, found: idsOf(expected.slice(0, options.limit)) })
      }
    },
    'queries',
    'backwards reads',
  )

  scenario(
    'hold when `after` is the head from before the read, though more came in between',
    async (world) => {
      const { store, unique } = world
      const tag = unique('tag')
      const query = { items: [{ tags: [tag] }] }
      await store.append({ stream: unique('account'), events: [sample({ tags: [tag] }), sample()] })
      const { position: after } = await store.head()
      expect(await logEvents(store, { query })).toHaveLength(1)
      expect(await isRefused(world, query, after)).toBe(false)
      await store.append({ stream: unique('account'), events: [sample()] })
      expect(await isRefused(world, query, after)).toBe(false)
      await store.append({ stream: unique('account'), events: [sample({ tags: [tag] })] })
      expect(await isRefused(world, query, after)).toBe(true)
    },
    'queries',
    'conditions',
  )

  scenario(
    'reach over the whole log when no `after` is given',
    async (world) => {
      const { store, unique } = world
      const [type, tag] = [unique('type'), unique('tag')]
      const asked: EventQuery[] = [
        { items: [{ types: [type] }] },
        { items: [{ tags: [tag] }] },
        { items: [{ types: [type], tags: [tag] }] },
      ]
      for (const query of asked) expect(await isRefused(world, query)).toBe(false)
      await store.append({ stream: unique('account'), events: [sample({ type, tags: [tag] })] })
      for (const query of asked) expect(await isRefused(world, query)).toBe(true)
    },
    'conditions',
  )
}

function namesFor({ unique }: World): Names {
  return { types: upTo(4).map(() => unique('type')), tags: upTo(4).map(() => unique('tag')) }
}

function queryOf({ types, tags }: Names): fc.Arbitrary<EventQuery> {
  const some = (names: readonly string[]) => fc.subarray([...names], { minLength: 1, maxLength: 3 })
  const item = fc.oneof(
    fc.record({ types: some(types) }),
    fc.record({ tags: some(tags) }),
    fc.record({ types: some(types), tags: some(tags) }),
  )
  return fc.record({ items: fc.array(item, { minLength: 1, maxLength: 3 }) })
}

async function appendRandomly({ store, unique }: World, { types, tags }: Names, count: number): Promise<void> {
  const given = fc.record({ type: fc.constantFrom(...types, 'other'), tags: fc.oneof(fc.constant([]), fc.subarray([...tags])) })
  const events = fc.sample(given, { numRuns: count, seed: count }).map(sample)
  for (let from = 0; from < count; from += 40) {
    await store.append({ stream: unique('account'), events: events.slice(from, from + 40) })
  }
}

/** Asks by an append without events, which changes nothing. */
async function isRefused({ store, unique }: World, failIfMatch: EventQuery, after?: number): Promise<boolean> {
  const condition = { failIfMatch, ...(after !== undefined && { after }) }
  try {
    await store.append({ stream: unique('decision'), events: [], condition })
    return false
  } catch (error) {
    if (hasCode(error, 'append-condition-failed')) return true
    throw error
  }
}
