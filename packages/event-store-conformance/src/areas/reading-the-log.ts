import type { EventStore } from '@writ/event-store'
import type { Area, World } from '../area.js'
import { idsOf, logEvents, positionsOf, sample, samples, upTo } from '../sample-events.js'

export const readingTheLog: Area = (scenario) => {
  scenario('gives the events of all streams in the order in which they were appended', async ({ store, start, unique }) => {
    const streams = [unique('account'), unique('transfer'), unique('account')]
    const ids: string[] = []
    for (let turn = 0; turn < 9; turn++) {
      const events = samples(2)
      ids.push(...idsOf(events))
      await store.append({ stream: streams[turn % 3]!, events })
    }
    const stored = await logEvents(store, { after: start })
    expect(idsOf(stored)).toEqual(ids)
    const positions = positionsOf(stored)
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b))
  })

  scenario('reads after a position, which is not included', async (world) => {
    const positions = await tenEvents(world)
    expect(positionsOf(await logEvents(world.store, { after: positions[3]! }))).toEqual(positions.slice(4))
  })

  scenario('reads up to a position, which is included', async (world) => {
    const positions = await tenEvents(world)
    const { store, start } = world
    expect(positionsOf(await logEvents(store, { after: start, upTo: positions[3]! }))).toEqual(positions.slice(0, 4))
    expect(positionsOf(await logEvents(store, { after: positions[3]!, upTo: positions[4]! }))).toEqual([positions[4]])
    expect(await logEvents(store, { after: positions[4]!, upTo: positions[4]! })).toEqual([])
    expect(await logEvents(store, { after: positions[4]!, upTo: positions[2]! })).toEqual([])
  })

  scenario('finds nothing at and beyond its head', async (world) => {
    await tenEvents(world)
    const { position } = await world.store.head()
    expect(await logEvents(world.store, { after: position })).toEqual([])
    expect(await logEvents(world.store, { after: Number.MAX_SAFE_INTEGER })).toEqual([])
  })

  scenario('ends at its head instead of waiting for more', async (world) => {
    const positions = await tenEvents(world)
    expect(positionsOf(await logEvents(world.store, { after: world.start, upTo: Number.MAX_SAFE_INTEGER }))).toEqual(positions)
  })

  scenario(
    'reads backwards, from the head down',
    async (world) => {
      const positions = await tenEvents(world)
      const read = async (options: object) => positionsOf(await logEvents(world.store, { direction: 'backwards', ...options }))
      expect(await read({ after: world.start })).toEqual([...positions].reverse())
      expect(await read({ limit: 3 })).toEqual(positions.slice(-3).reverse())
      expect(await read({ after: positions[1]!, upTo: positions[5]!, pageSize: 3 })).toEqual(positions.slice(2, 6).reverse())
    },
    'backwards reads',
  )

  scenario('gives no more events than the limit, over all pages', async (world) => {
    const positions = await tenEvents(world)
    for (const limit of [0, 1, 4, 9, 10, 11]) {
      const stored = await logEvents(world.store, { after: world.start, limit, pageSize: 4 })
      expect(positionsOf(stored)).toEqual(positions.slice(0, limit))
    }
  })

  for (const pageSize of [1, 3, 10, 10_000]) {
    scenario(`gives every event once in pages of at most ${pageSize.toLocaleString('en')}, and no empty page`, async (world) => {
      const positions = await tenEvents(world)
      const read: number[] = []
      for await (const page of world.store.readAll({ after: world.start, pageSize })) {
        expect(page.length).toBeLessThanOrEqual(pageSize)
        expect(page.length).toBeGreaterThan(0)
        read.push(...positionsOf(page))
      }
      expect(read).toEqual(positions)
    })
  }

  scenario('gives the same events whether or not they must be durable', async (world) => {
    await tenEvents(world)
    const { store, start } = world
    expect(await logEvents(store, { after: start, durable: false })).toEqual(
      await logEvents(store, { after: start, durable: true }),
    )
  })

  scenario('tells the position of the last event as its head', async ({ store, unique }) => {
    const { position } = await store.append({ stream: unique('account'), events: samples(3) })
    expect((await store.head()).position).toBe(position)
  })

  scenario('has a head that a refused append does not move for readers', async ({ store, start, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: [sample()], expectedVersion: 4 }).catch(() => {})
    await store.append({ stream, events: [sample({ data: '{' })] }).catch(() => {})
    expect((await store.head()).position).toBe(start)
    expect(await logEvents(store, { after: start })).toEqual([])
  })

  scenario(
    'is the same log in another process',
    async (world) => {
      await tenEvents(world)
      const { store, start } = world
      const other = await world.neighbour()
      expect(await logEvents(other, { after: start })).toEqual(await logEvents(store, { after: start }))
      expect(await other.head()).toEqual(await store.head())
    },
    'several processes',
  )

  scenario(
    'is one order of what two processes append at the same time',
    async ({ store, neighbour, start, unique }) => {
      const stores: EventStore[] = [store, await neighbour()]
      const answers = await Promise.all(
        upTo(40).map((n) => stores[n % 2]!.append({ stream: unique('account'), events: samples(n % 4) })),
      )
      const stored = await logEvents(store, { after: start })
      expect(stored).toHaveLength(60)
      expect(stored).toEqual(await logEvents(stores[1]!, { after: start }))
      for (const { position, version } of answers.filter((answer) => answer.version > 0)) {
        expect(stored.find((event) => event.position === position)?.version).toBe(version)
      }
    },
    'several processes',
  )

  scenario('may be left in the middle of a read, again and again', async (world) => {
    const positions = await tenEvents(world)
    for (let turn = 0; turn < 50; turn++) {
      for await (const page of world.store.readAll({ after: world.start, pageSize: 2, durable: turn % 2 === 0 })) {
        expect(positionsOf(page)).toEqual(positions.slice(0, 2))
        break
      }
    }
  })
}

/** Ten events in two streams; returns their positions. */
async function tenEvents({ store, unique }: World): Promise<number[]> {
  const streams = [unique('account'), unique('transfer')]
  const positions: number[] = []
  for (let turn = 0; turn < 5; turn++) {
    const { position } = await store.append({ stream: streams[turn % 2]!, events: samples(2) })
    positions.push(position - 1, position)
  }
  return positions
}
