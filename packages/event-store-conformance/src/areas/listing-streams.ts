import type { ListOptions, StreamInfo } from '@writ/event-store'
import type { Area, World } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { sample, samples, upTo } from '../sample-events.js'

export const listingStreams: Area = (declare) => {
  const scenario: typeof declare = (sentence, run) => declare(sentence, run, 'stream lists')

  scenario('lists streams in the order of the bytes of their names, page by page, each once', async (world) => {
    const { store, unique } = world
    const category = letters(unique('c'))
    const endings = ['10', '9', 'a', 'B', '\u00e9', '\ud83d\ude00', '\uff5e', 'a-b', '']
    for (const ending of endings) await store.append({ stream: `${category}-${ending}`, events: samples(3) })
    const inOrder = ['', '10', '9', 'B', 'a', 'a-b', '\u00e9', '\uff5e', '\ud83d\ude00'].map((ending) => `${category}-${ending}`)
    for (const limit of [1, 2, 8, 9, 100]) {
      const listed = await all(world, { category, limit })
      expect(listed.map(({ stream }) => stream)).toEqual(inOrder)
    }
  })

  scenario('tells of each stream what info tells', async (world) => {
    const { store, unique } = world
    const category = letters(unique('c'))
    for (const n of upTo(5)) await store.append({ stream: `${category}-${n}`, events: samples(n) })
    const listed = await all(world, { category })
    expect(listed.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5])
    for (const info of listed) expect(info).toEqual(await store.streams.info(info.stream))
  })

  scenario('lists the streams of a category, and not those whose names are only like it', async (world) => {
    const { store, unique } = world
    const category = letters(unique('c'))
    const own = [category, `${category}-`, `${category}-1`, `${category}-1-x`]
    for (const stream of [...own, `${category}!`, `${category}x-1`, `${category}.1`, category.toUpperCase()]) {
      await store.append({ stream, events: [sample()] })
    }
    for (const limit of [1, 3, 100]) {
      expect((await all(world, { category, limit })).map(({ stream }) => stream)).toEqual(own)
    }
  })

  scenario('finds streams by how their names begin and by what they hold', async (world) => {
    const { store, unique } = world
    const base = letters(unique('c'))
    const names = upTo(40).map((n) => `${base}-${String(n).padStart(2, '0')}${n % 10 === 0 ? '-rare%' : ''}`)
    for (const stream of names) await store.append({ stream, events: [sample()] })
    const listed = async (options: ListOptions) => (await all(world, options)).map(({ stream }) => stream)
    expect(await listed({ prefix: `${base}-1`, limit: 3 })).toEqual(names.slice(9, 19))
    expect(await listed({ prefix: base, search: 'rare', limit: 2 })).toEqual(names.filter((name) => name.includes('rare')))
    expect(await listed({ category: base, search: '%' })).toEqual(names.filter((name) => name.includes('%')))
    expect(await listed({ category: base, prefix: `${base}-2`, search: 'rare' })).toEqual([`${base}-20-rare%`])
    expect(await listed({ category: base, prefix: 'x' })).toEqual([])
    expect(await listed({ prefix: `${base}-RARE` })).toEqual([])
  })

  scenario("leaves Writ's own streams out unless they are asked for", async (world) => {
    const { store, unique } = world
    const name = letters(unique('c'))
    for (const stream of [`$${name}-1`, `${name}-1`]) await store.append({ stream, events: [sample()] })
    const listed = async (options: ListOptions) => (await all(world, { search: name, ...options })).map(({ stream }) => stream)
    expect(await listed({})).toEqual([`${name}-1`])
    expect(await listed({ reserved: true })).toEqual([`$${name}-1`, `${name}-1`])
    expect(await listed({ prefix: '$' })).toEqual([`$${name}-1`])
    expect(await listed({ category: `$${name}` })).toEqual([`$${name}-1`])
    expect(await listed({ prefix: '$', reserved: false })).toEqual([])
  })

  scenario('refuses what no list can be made by', async ({ store }) => {
    const malformed: ListOptions[] = [
      { limit: 0 },
      { limit: 1_001 },
      { limit: 1.5 },
      { category: 'a-1' },
      { category: '' },
      { prefix: 'a\u0000' },
      { search: '\ud83d' },
      { after: 5 as never },
      { reserved: 'yes' as never },
      { catgory: 'account' } as never,
    ]
    for (const options of malformed) await rejectsWith('invalid-read', () => store.streams.list(options))
  })
}

async function all({ store }: World, options: ListOptions): Promise<StreamInfo[]> {
  const listed: StreamInfo[] = []
  let after: string | undefined
  do {
    const page = await store.streams.list({ ...options, ...(after !== undefined && { after }) })
    expect(page.streams.length).toBeLessThanOrEqual(options.limit ?? 100)
    listed.push(...page.streams)
    after = page.next
  } while (after !== undefined)
  return listed
}

const letters = (name: string) => name.replaceAll('-', '')
