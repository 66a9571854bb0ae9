import { testDatabase } from '@writ/build-tools'
import type { EventQueryItem, ReadAllOptions } from '@writ/event-store'
import type pg from 'pg'
import { adminClient, closeAfterAll, newEvent, openStore, times } from '../../test/test-store.js'
import { BETWEEN, WITHIN } from '../schema/append-functions.js'

closeAfterAll()

const EVENTS = 200_000
/**
 * What a search may look at, in pages of 8 kB: the last block is looked through, some 500 events of two pages each at most. To look one
 * event of a frequent name up after another would take a hundred thousand. Some hundred are the catalog's, whenever a plan is made anew:
 * a busy machine has shown 1,640 in all.
 */
const FEW_PAGES = 3_000

const { connectionString, schema } = testDatabase()
let client: pg.Client

beforeAll(async () => {
  await openStore({ connectionString, schema })
  client = await adminClient()
  // The session's plans are made now, of empty tables.
  await pagesRead({ types: ['frequent'], tags: ['everywhere', 'rare'] })
  // One type is that of nearly all events. Every fourth event has the tag 'everywhere', 20 in all the tag 'rare', and the two
  // halves of the log have a tag each.
  await client.query(`
    insert into ${schema}.events (position, version, schema_version, id, stream, type, data, metadata, tags, created_at)
    select n, 1, 1, gen_random_uuid(), case when n % 100000 = 0 then 'small-' when n % 200 = 7 then 'medium-' when n % 50 = 8 then 'spread-' when n > 180000 and n % 5 = 1 then 'late-' else 'large-' end || n,
      case when n % 10000 = 0 then 'rare' when n % 100 = 0 then 'other' else 'frequent' end, '{}',
      json_build_object('correlationId', 'request-' || n / 10), '{}', now()
    from generate_series(1, ${EVENTS}) n;
    insert into ${schema}.tags (tag, position)
    select 'everywhere', n from generate_series(4, ${EVENTS}, 4) n
    union all select 'rare', n from generate_series(9999, ${EVENTS}, 10000) n
    union all select 'on others', n from generate_series(100, ${EVENTS}, 100) n where n % 10000 > 0
    union all select case when n <= ${EVENTS / 2} then 'early' else 'late' end, n from generate_series(1, ${EVENTS}, 3) n;
    select ${schema}.index_types(${EVENTS}, ${EVENTS})`)
}, 120_000)

async function buffers(statement: string, values: readonly unknown[]): Promise<number> {
  const { rows } = await client.query(`explain (analyze, buffers, format json) ${statement}`, [...values])
  const [{ Plan: plan }] = rows[0]['QUERY PLAN']
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
}

function pagesRead({ types = [], tags = [] }: EventQueryItem, limit = 1, direction: 'forwards' | 'backwards' = 'forwards') {
  return buffers(`select * from ${schema}.read_matching($1, $2, null, null, 0, ${Number.MAX_SAFE_INTEGER}, $3, $4, null)`, [
    tags.join(WITHIN),
    types.join(WITHIN),
    limit,
    direction === 'backwards',
  ])
}

describe('Among 200,000 events, however frequent the names beside it are, a query looks at few pages', () => {
  it.each<[string, EventQueryItem]>([
    ['a type that no event has', { types: ['none'] }],
    ['a rare type', { types: ['rare'] }],
    ['a frequent type', { types: ['frequent'] }],
    ['a frequent and a rare type', { types: ['frequent', 'rare', 'none'] }],
    ['a frequent tag', { tags: ['everywhere'] }],
    ['a frequent tag before a rare one', { tags: ['everywhere', 'rare'] }],
    ['a rare tag before a frequent one', { tags: ['rare', 'everywhere'] }],
    ['a frequent tag before one that no event has', { tags: ['everywhere', 'none'] }],
    ['two frequent tags that follow one another', { tags: ['early', 'late'] }],
    ['a frequent tag and a type that no event has', { tags: ['everywhere'], types: ['none'] }],
    ['a frequent tag and a rare type', { tags: ['early'], types: ['rare'] }],
    ['a rare tag and a frequent type', { tags: ['rare'], types: ['frequent'] }],
  ])('for %s', async (_, item) => {
    for (const direction of ['forwards', 'backwards'] as const) {
      expect(await pagesRead(item, 1, direction)).toBeLessThan(FEW_PAGES)
      // All of what is rare, and a page of what is frequent.
      expect(await pagesRead(item, 20, direction)).toBeLessThan(FEW_PAGES * 2)
    }
  })

  it('as a condition, too, when the append has to know that there is none', async () => {
    const condition = (tags: readonly string[], types: readonly string[]) =>
      buffers(
        `select ${schema}.append_events(array['s'], array[-1], array[0], array[]::uuid[], array[]::text[], array[]::integer[],
          array[]::text[], array[]::text[], null, array[1], array[0], array[$1], array[$2], array[$3], null, null, null, null, false)`,
        [tags[0] ?? '', tags.slice(1).join(WITHIN), types.join(WITHIN)],
      )
    expect(await condition([], ['none'])).toBeLessThan(FEW_PAGES)
    expect(await condition(['none'], [])).toBeLessThan(FEW_PAGES)
    expect(await condition(['everywhere', 'none'], [])).toBeLessThan(FEW_PAGES)
    expect(await condition(['everywhere'], ['none'])).toBeLessThan(FEW_PAGES)
    expect(await condition(['early', 'late'], ['frequent'])).toBeLessThan(FEW_PAGES)
  })
})

describe('What is narrowed down otherwise', () => {
  const correlated = (correlation: string) =>
    buffers(`select * from ${schema}.read_filtered(null, $1, 0, ${Number.MAX_SAFE_INTEGER}, 100, false, null)`, [correlation])

  it('finds a small category by its streams', async () => {
    const survey = `select positions from ${schema}.survey(array[$1], null, $2, ${Number.MAX_SAFE_INTEGER}, 1000)`
    const positions = async (category: string, after: number) => (await client.query(survey, [category, after])).rows[0].positions
    expect(await positions('small', 0)).toBe('100000,200000')
    expect([await positions('small', 150_000), await positions('none', 0)]).toEqual(['200000', ''])
    expect([await positions('large', 0), await positions('large', 199_000)]).toEqual([null, null])
    expect(await buffers(survey, ['small', 0])).toBeLessThan(FEW_PAGES)
    expect(await buffers(survey, ['large', 199_000])).toBeLessThan(FEW_PAGES)
    const found = `select * from ${schema}.read_at(array(select generate_series(1, 200000, 2000)::bigint), null)`
    expect(await buffers(found, [])).toBeLessThan(FEW_PAGES)
  })

  it('finds a stream by its index, from any place in the log, and a query in it by its events', async () => {
    await client.query(`
      insert into ${schema}.events (position, version, schema_version, id, stream, type, data, metadata, tags, created_at)
      select ${EVENTS} + n, n, 1, gen_random_uuid(), 'long-1', case when n % 5000 = 0 then 'rare' else 'frequent' end, '{}', '{}', '{}', now()
      from generate_series(1, 20000) n`)
    const of = (streams: string, after: number, limit: number, backwards: boolean, types: string | null = null) =>
      buffers(
        `select * from ${schema}.read_of_streams(string_to_array($1, '${BETWEEN}'), $2, $3, null, null, $4, $5, $6, $7, null)`,
        [streams, types && '', types, after, Number.MAX_SAFE_INTEGER, limit, backwards],
      )
    for (const backwards of [false, true]) {
      expect(await of(['large-77', 'small-100000'].join(BETWEEN), 0, 100, backwards)).toBeLessThan(FEW_PAGES)
      expect(await of('none-1', 0, 100, backwards)).toBeLessThan(FEW_PAGES)
      expect(await of('long-1', EVENTS + 15_000, 100, backwards)).toBeLessThan(FEW_PAGES)
      expect(await of('long-1', 0, 1, backwards, 'frequent')).toBeLessThan(FEW_PAGES)
      expect(await of('long-1', EVENTS + 19_000, 100, backwards, 'rare')).toBeLessThan(FEW_PAGES)
    }
  }, 60_000)

  it('finds a correlation by the index that one may add, and without it by looking through', async () => {
    expect(await correlated('request-7000')).toBeGreaterThan(1_000)
    await client.query(`create index events_correlation on ${schema}.events (${schema}.correlation_of(metadata), position)`)
    expect(await correlated('request-7000')).toBeLessThan(FEW_PAGES)
  })

  it('lists a hundred streams with a few look-ups each', async () => {
    expect(await buffers(`select * from ${schema}.list_streams(null, '', '', false, '', 100)`, [])).toBeLessThan(2_000)
    expect(await buffers(`select * from ${schema}.list_streams('small', '', '', false, '', 100)`, [])).toBeLessThan(FEW_PAGES)
  })

  it('reads a category by its streams page by page, in both directions, and passes over what is taken out meanwhile', async () => {
    const store = await openStore({ connectionString, schema, allowHardDelete: true })
    const expected = times(1_000, (index) => index * 200 + 7)
    const read = async (options: ReadAllOptions) => {
      const positions: number[] = []
      for await (const page of store.readAll({ category: 'medium', ...options }))
        positions.push(...page.map(({ position }) => position))
      return positions
    }
    expect(await read({})).toEqual(expected)
    expect(await read({ direction: 'backwards', pageSize: 300 })).toEqual([...expected].reverse())
    expect(await read({ after: 40_007, upTo: 80_007, limit: 150 })).toEqual(expected.slice(201, 351))
    expect(await read({ category: ['medium', 'small'], after: 99_000, limit: 6 })).toEqual([
      99_007, 99_207, 99_407, 99_607, 99_807, 100_000,
    ])
    const spread = times(4_000, (index) => index * 50 + 8)
    expect(await read({ category: 'spread' })).toEqual(spread)
    expect(await read({ category: 'spread', direction: 'backwards', limit: 3 })).toEqual([199_958, 199_908, 199_858])
    const late = times(4_000, (index) => 180_001 + index * 5)
    expect(await read({ category: 'late' })).toEqual(late)
    expect(await read({ category: 'late', direction: 'backwards', upTo: 199_000, pageSize: 700 })).toEqual(
      late.filter((position) => position <= 199_000).reverse(),
    )
    const seen: number[] = []
    for await (const page of store.readAll({ category: 'medium', pageSize: 100 })) {
      if (seen.length === 0) await store.streams.delete('medium-120007', { hard: true })
      seen.push(...page.map(({ position }) => position))
    }
    expect(seen).toEqual(expected.filter((position) => position !== 120_007))
  })
})

describe('The index of types', () => {
  it('is written by the append that fills a block, and by nothing else', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const blocks = async () =>
      (
        await client.query(
          `select type, block::integer, cardinality(places) as events from ${schema}.type_blocks order by block, type`,
        )
      ).rows
    const append = (count: number, type: string) => store.append({ stream: type, events: times(count, () => newEvent({ type })) })
    await append(500, 'a')
    for (let n = 501; n < 512; n++) await append(1, 'b')
    expect(await blocks()).toEqual([])
    await append(1, 'b')
    expect(await blocks()).toEqual([
      { type: '', block: 0, events: 0 },
      { type: 'a', block: 0, events: 500 },
      { type: 'b', block: 0, events: 12 },
    ])
    await append(1_100, 'a')
    expect((await blocks()).slice(3)).toEqual([
      { type: 'a', block: 1, events: 512 },
      { type: '', block: 2, events: 0 },
      { type: 'a', block: 2, events: 512 },
    ])
  })
})
