import type { EventQuery, NewEvent } from '@writ/event-store'
import { matchesQuery } from '@writ/event-store'
import type { Area, World } from '../area.js'
import { idsOf, logEvents, sample, samples, upTo } from '../sample-events.js'

interface Names {
  readonly opened: string
  readonly closed: string
  readonly ann: string
  readonly bob: string
}

/** What each query is about, as the item's meaning says; the store's answer is compared with `matchesQuery` over all events. */
const asked: Readonly<Record<string, (names: Names) => EventQuery>> = {
  'one type': ({ opened }) => ({ items: [{ types: [opened] }] }),
  'any of two types': ({ opened, closed }) => ({ items: [{ types: [opened, closed] }] }),
  'one tag': ({ ann }) => ({ items: [{ tags: [ann] }] }),
  'all of two tags': ({ ann, bob }) => ({ items: [{ tags: [ann, bob] }] }),
  'a type and a tag': ({ opened, ann }) => ({ items: [{ types: [opened], tags: [ann] }] }),
  'any of two types and all of two tags': ({ opened, closed, ann, bob }) => ({
    items: [{ types: [opened, closed], tags: [bob, ann] }],
  }),
  'either of two items': ({ opened, bob }) => ({ items: [{ types: [opened] }, { tags: [bob] }] }),
  'items that overlap': ({ opened, closed, ann, bob }) => ({
    items: [{ types: [opened], tags: [ann] }, { types: [opened, closed] }, { tags: [ann, bob] }, { tags: [bob] }],
  }),
}

export const queries: Area = (scenario) => {
  for (const [what, ask] of Object.entries(asked)) {
    scenario(
      `finds the events that match ${what}, each once and in order`,
      async (world) => {
        const { names, events } = await accounts(world)
        const query = ask(names)
        const expected = idsOf(events.filter((event) => matchesQuery(query, event)))
        expect(expected.length).toBeGreaterThan(0)
        const { store, start } = world
        expect(idsOf(await logEvents(store, { query }))).toEqual(expected)
        expect(idsOf(await logEvents(store, { query, after: start, pageSize: 2 }))).toEqual(expected)
      },
      'queries',
    )
  }

  scenario(
    'reads what matches backwards, within bounds, and up to a limit',
    async (world) => {
      const { names, events } = await accounts(world)
      const { store, start } = world
      const query = { items: [{ tags: [names.ann] }] }
      const all = await logEvents(store, { query, after: start })
      expect(idsOf(all)).toEqual(idsOf(events.filter((event) => matchesQuery(query, event))))
      expect(await logEvents(store, { query, direction: 'backwards', after: start, pageSize: 2 })).toEqual([...all].reverse())
      expect(await logEvents(store, { query, direction: 'backwards', limit: 2 })).toEqual(all.slice(-2).reverse())
      expect(await logEvents(store, { query, after: all[0]!.position, limit: 2, pageSize: 1 })).toEqual(all.slice(1, 3))
      expect(await logEvents(store, { query, after: all[0]!.position, upTo: all[2]!.position })).toEqual(all.slice(1, 3))
    },
    'queries',
    'backwards reads',
  )

  scenario(
    'finds nothing from a later to an earlier position',
    async (world) => {
      const { names } = await accounts(world)
      const { store, start } = world
      const query = { items: [{ tags: [names.ann] }] }
      const [first, second] = await logEvents(store, { query, after: start })
      for (const direction of ['forwards', 'backwards'] as const) {
        const read = (after: number, upTo: number) => logEvents(store, { query, after, upTo, direction })
        expect(await read(second!.position, first!.position)).toEqual([])
        expect(await read(second!.position, start)).toEqual([])
        expect(await read(first!.position, first!.position)).toEqual([])
      }
    },
    'queries',
    'backwards reads',
  )

  scenario(
    'finds nothing for a type, a tag or a combination that no event has',
    async (world) => {
      const { names } = await accounts(world)
      const find = (query: EventQuery) => logEvents(world.store, { query })
      expect(await find({ items: [{ types: [world.unique('type')] }] })).toEqual([])
      expect(await find({ items: [{ tags: [world.unique('tag')] }] })).toEqual([])
      expect(await find({ items: [{ tags: [names.ann, world.unique('tag')] }] })).toEqual([])
      expect(await find({ items: [{ types: [world.unique('type')], tags: [names.ann] }] })).toEqual([])
    },
    'queries',
  )

  scenario(
    'gives back all tags of an event, not only those that were asked for',
    async (world) => {
      const { names } = await accounts(world)
      const query = { items: [{ tags: [names.ann, names.bob] }] }
      for (const event of await logEvents(world.store, { query })) expect(event.tags).toEqual([names.bob, names.ann])
    },
    'queries',
  )

  scenario(
    'tells types and tags apart that differ in case only, or look like patterns or SQL',
    async ({ store, unique }) => {
      const tag = unique('tag')
      const tags = [tag, tag.toUpperCase(), `${tag}%`, `${tag}_`, `${tag}' or true --`, `${tag},{"}`, `${tag}\\`, ` ${tag}`]
      await store.append({ stream: unique('account'), events: tags.map((one) => sample({ tags: [one], type: one })) })
      for (const one of tags) {
        expect((await logEvents(store, { query: { items: [{ tags: [one] }] } })).map((event) => event.tags)).toEqual([[one]])
        expect((await logEvents(store, { query: { items: [{ types: [one] }] } })).map(({ type }) => type)).toEqual([one])
      }
    },
    'queries',
  )

  scenario(
    'finds an event once to which a tag was given twice',
    async ({ store, unique }) => {
      const tag = unique('tag')
      await store.append({ stream: unique('account'), events: [sample({ tags: [tag, tag] })] })
      expect(await logEvents(store, { query: { items: [{ tags: [tag] }] } })).toHaveLength(1)
    },
    'queries',
  )

  scenario(
    'finds a few events among many without missing one at the edge of a page',
    async ({ store, unique }) => {
      const tag = unique('tag')
      const rare: string[] = []
      for (let turn = 0; turn < 12; turn++) {
        const events = samples(50)
        events[turn * 4] = sample({ tags: [tag] })
        rare.push(events[turn * 4]!.id)
        await store.append({ stream: unique('account'), events })
      }
      for (const pageSize of [1, 2, 3, 12, 1_000]) {
        expect(idsOf(await logEvents(store, { query: { items: [{ tags: [tag] }] }, pageSize }))).toEqual(rare)
      }
    },
    'queries',
  )

  scenario(
    'answers a query of many items, types and tags',
    async ({ store, unique }) => {
      const tags = upTo(32).map(() => unique('tag'))
      const types = upTo(32).map(() => unique('type'))
      const events = upTo(32).map((n) => sample({ type: types[n - 1]!, tags: tags.slice(0, n) }))
      await store.append({ stream: unique('account'), events })
      const items = [...types.map((type, index) => ({ types: [type], tags: tags.slice(0, index + 1) })), { types, tags }]
      expect(idsOf(await logEvents(store, { query: { items } }))).toEqual(idsOf(events))
    },
    'queries',
  )
}

/** Events of two types in several streams, with no, one or both of two tags. */
async function accounts({ store, unique }: World): Promise<{ names: Names; events: NewEvent[] }> {
  const names = { opened: unique('opened'), closed: unique('closed'), ann: unique('ann'), bob: unique('bob') }
  const { opened, closed, ann, bob } = names
  const taggings = [[], [ann], [bob], [bob, ann], [ann], [], [bob, ann], [ann]]
  const appends = taggings.map((tags, index) => [
    sample({ type: index % 2 === 0 ? opened : closed, tags }),
    sample({ tags }),
    sample({ type: closed, tags: [] }),
  ])
  for (const events of appends) await store.append({ stream: unique('account'), events })
  return { names, events: appends.flat() }
}
