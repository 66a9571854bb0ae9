import type { ProjectionVersionConflictError } from '@writ/event-store'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'

/** Which version of a projection serves reads: one at each moment, for everyone. */
export const projectionVersions: Area = (scenario) => {
  const kept: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'projection versions', ...needs)

  kept('knows no live version of a projection before one was made live', async ({ store, unique }) => {
    await expect(store.projections.live(unique('projection'))).resolves.toBeUndefined()
  })

  kept('makes a version live, and tells since when and what was before', async ({ store, unique }) => {
    const name = `${unique('Übersicht')}'s "of" $1; -- 💶 \\`
    await store.projections.swap(name, { from: undefined, to: 1 })
    const first = await store.projections.live(name)
    expect(first).toEqual({ version: 1, previous: undefined, since: expect.any(Date) })
    await store.projections.swap(name, { from: 1, to: 3 })
    const second = await store.projections.live(name)
    expect(second).toEqual({ version: 3, previous: 1, since: expect.any(Date) })
    expect(second!.since.getTime()).toBeGreaterThanOrEqual(first!.since.getTime())
    await store.projections.swap(name, { from: 3, to: 1 })
    await expect(store.projections.live(name)).resolves.toMatchObject({ version: 1, previous: 3 })
  })

  kept('refuses to swap from a version that is not live, and tells which one is', async ({ store, unique }) => {
    const name = unique('projection')
    const attempt = (from: number | undefined, to: number) => () => store.projections.swap(name, { from, to })
    const refused = (from: number | undefined, to: number) =>
      rejectsWith<ProjectionVersionConflictError>('projection-version-conflict', attempt(from, to))
    expect(await refused(1, 2)).toMatchObject({ projection: name, from: 1, to: 2, live: undefined })
    await attempt(undefined, 2)()
    expect(await refused(undefined, 3)).toMatchObject({ from: undefined, live: 2 })
    expect(await refused(1, 3)).toMatchObject({ from: 1, to: 3, live: 2 })
    await expect(store.projections.live(name)).resolves.toMatchObject({ version: 2 })
  })

  kept(
    'lets exactly one of many swap who do it at the same time',
    async ({ store, neighbour, unique }) => {
      const stores = [store, await neighbour()]
      const name = unique('projection')
      for (const from of [undefined, 1]) {
        const outcomes = await Promise.all(
          Array.from({ length: 8 }, (_, index) =>
            stores[index % 2]!.projections.swap(name, { from, to: from === undefined ? 1 : index + 2 }).then(
              () => 'swapped',
              (error: { code?: string }) => error.code,
            ),
          ),
        )
        expect(outcomes.filter((outcome) => outcome === 'swapped')).toHaveLength(1)
        expect(outcomes.filter((outcome) => outcome === 'projection-version-conflict')).toHaveLength(7)
      }
    },
    'several processes',
  )

  kept('swaps together with an effect, which runs once; and not at all where it fails', async ({ store, unique }) => {
    const name = unique('projection')
    const transactions: object[] = []
    await store.projections.swap(name, { from: undefined, to: 1 }, async (transaction) => void transactions.push(transaction))
    expect(transactions.map((transaction) => typeof transaction)).toEqual(['object'])
    const failure = new Error('The tables said no')
    await expect(store.projections.swap(name, { from: 1, to: 2 }, () => Promise.reject(failure))).rejects.toBe(failure)
    await expect(store.projections.live(name)).resolves.toMatchObject({ version: 1 })
  })

  kept('runs no effect of a swap that is refused', async ({ store, unique }) => {
    let ran = false
    const attempt = () =>
      store.projections.swap(unique('projection'), { from: 1, to: 2 }, async () => {
        ran = true
      })
    await rejectsWith('projection-version-conflict', attempt)
    expect(ran).toBe(false)
  })

  kept('reads as of one moment: a swap in between does not show', async ({ store, unique }) => {
    const [name, unknown] = [unique('projection'), unique('projection')]
    await store.projections.swap(name, { from: undefined, to: 1 })
    const seen = await store.projections.read(async (transaction) => {
      const before = await transaction.liveVersion(name)
      await store.projections.swap(name, { from: 1, to: 2 })
      return [before, await transaction.liveVersion(name), await transaction.liveVersion(unknown)]
    })
    expect(seen).toEqual([1, 1, undefined])
    await expect(store.projections.read(async ({ liveVersion }) => liveVersion(name))).resolves.toBe(2)
  })

  kept(
    'reads as of one moment: how far a subscription had come, partition by partition',
    async ({ store, unique }) => {
      const [name, unknown] = [unique('subscription'), unique('subscription')]
      await store.checkpoints.register({ name, startAfter: 3, partitions: 2 })
      const acquired = await store.checkpoints.acquire({ subscription: name, partition: 1 }, 'reader', 60_000)
      if (!acquired.acquired) throw new Error('A new subscription was held')
      const seen = await store.projections.read(async ({ checkpointsOf }) => {
        const before = await checkpointsOf(name)
        await store.checkpoints.advance(acquired.lease, 5)
        return [before, await checkpointsOf(name), await checkpointsOf(unknown)]
      })
      expect(seen).toEqual([[3, 3], [3, 3], []])
      await expect(store.projections.read(async ({ checkpointsOf }) => checkpointsOf(name))).resolves.toEqual([3, 5])
    },
    'checkpoints',
  )

  kept('hands on what a read throws', async ({ store }) => {
    const failure = new Error('No such row')
    await expect(store.projections.read(() => Promise.reject(failure))).rejects.toBe(failure)
  })

  kept(
    'shows every process the same live version',
    async ({ store, neighbour, unique }) => {
      const name = unique('projection')
      await store.projections.swap(name, { from: undefined, to: 7 })
      await expect((await neighbour()).projections.live(name)).resolves.toEqual(await store.projections.live(name))
    },
    'several processes',
  )
}
