import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { allOf, sample, samples, streamEvents } from '../sample-events.js'

export const lifecycle: Area = (scenario) => {
  scenario('tells the name of its adapter', async ({ store }) => {
    expect(store.adapter).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })

  scenario('may be started twice', async ({ store, unique }) => {
    await Promise.all([store.start(), store.start()])
    await expect(store.append({ stream: unique('account'), events: [sample()] })).resolves.toMatchObject({ version: 1 })
  })

  scenario(
    'may be stopped twice',
    async ({ another }) => {
      const store = await another()
      await Promise.all([store.stop(), store.stop()])
      await store.stop()
    },
    'several processes',
  )

  scenario(
    'finishes the appends under way before it stops',
    async ({ store, another, unique }) => {
      const stopping = await another()
      const streams = Array.from({ length: 20 }, () => unique('account'))
      const appends = streams.map((stream) => stopping.append({ stream, events: samples(3) }))
      await Promise.all([...appends, stopping.stop()])
      for (const stream of streams) expect(await streamEvents(store, stream)).toHaveLength(3)
    },
    'several processes',
  )

  scenario(
    'leaves its neighbours running when it stops',
    async ({ store, another, unique }) => {
      await (await another()).stop()
      await expect(store.append({ stream: unique('account'), events: [sample()] })).resolves.toMatchObject({ version: 1 })
    },
    'several processes',
  )

  scenario(
    'refuses to append, to read, to find and to tell its head once it is stopped',
    async ({ store, another, unique }) => {
      const stopped = await another()
      const stream = unique('account')
      await stopped.stop()
      await rejectsWith('store-not-running', () => stopped.append({ stream, events: [sample()] }))
      await rejectsWith('store-not-running', () => allOf(stopped.readStream(stream)))
      await rejectsWith('store-not-running', () => allOf(stopped.readAll()))
      await rejectsWith('store-not-running', () => stopped.findEvents([sample().id]))
      await rejectsWith('store-not-running', () => stopped.head())
      expect(await streamEvents(store, stream)).toEqual([])
    },
    'several processes',
  )

  scenario(
    'refuses receipts, snapshots and checkpoints once it is stopped',
    async ({ another, unique }) => {
      const stopped = await another()
      await stopped.stop()
      await rejectsWith('store-not-running', () => stopped.receipts.find(unique('command')))
      await rejectsWith('store-not-running', () => stopped.snapshots.load(unique('account'), 1))
      await rejectsWith('store-not-running', () => stopped.checkpoints.list())
      await rejectsWith('store-not-running', () => stopped.parked.list(unique('subscription')))
    },
    'several processes',
    'receipts',
    'snapshots',
    'checkpoints',
  )

  scenario(
    'refuses live versions of projections once it is stopped',
    async ({ another, unique }) => {
      const stopped = await another()
      await stopped.stop()
      const name = unique('projection')
      await rejectsWith('store-not-running', () => stopped.projections.live(name))
      await rejectsWith('store-not-running', () => stopped.projections.swap(name, { from: undefined, to: 1 }))
      await rejectsWith('store-not-running', () => stopped.projections.read(async () => {}))
    },
    'several processes',
    'projection versions',
  )

  scenario('has an incarnation that is a UUID and stays', async ({ store, unique }) => {
    const { incarnation } = await store.head()
    expect(incarnation).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    await store.append({ stream: unique('account'), events: [sample()] })
    expect((await store.head()).incarnation).toBe(incarnation)
  })

  scenario(
    'has the same incarnation in every process',
    async ({ store, neighbour }) => {
      expect((await (await neighbour()).head()).incarnation).toBe((await store.head()).incarnation)
    },
    'several processes',
  )
}
