import type { EventStore, Lease } from '@writ/event-store'
import type { Area } from '../area.js'
import { beat, viewOf } from '../heartbeats.js'
import { held, LONG, registered, SHORT } from '../leases.js'
import { rejectsWith } from '../rejects-with.js'
import { until } from '../until.js'

/** The number of partitions changes only where all of them have come to one position: no event is handled twice, or by nobody. */
export const changingPartitions: Area = (scenario) => {
  const changed: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'checkpoints', ...needs)

  changed(
    'changes the number of partitions at once where none is held and all stand at one position',
    async ({ store, unique }) => {
      const subscription = await registered(store, unique, 4, 2)
      await wish(store, subscription, 3)
      const view = await viewOf(store, subscription, 'me')
      expect(view).toMatchObject({ partitions: 3, change: undefined })
      expect(view!.checkpoints.map(({ partition, checkpoint }) => [partition, checkpoint])).toEqual([0, 1, 2].map((p) => [p, 4]))
      await wish(store, subscription, 1)
      await expect(store.checkpoints.acquire({ subscription, partition: 1 }, 'me', LONG)).resolves.toEqual({
        acquired: false,
        why: 'no-such-partition',
      })
      expect(await store.checkpoints.list(subscription)).toMatchObject([{ partition: 0, checkpoint: 4 }])
    },
  )

  changed('gives no lease while leases from before a change are held, and tells of the change', async ({ store, unique }) => {
    const { subscription, leases } = await behindEachOther(store, unique)
    await wish(store, subscription, 3)
    for (const [partition, owner] of [
      [0, 'me'],
      [1, 'other'],
      [2, 'me'],
    ] as const) {
      const denied = await store.checkpoints.acquire({ subscription, partition }, owner, LONG)
      expect(denied).toEqual({ acquired: false, why: 'repartitioning' })
    }
    expect(await viewOf(store, subscription, 'me', leases)).toMatchObject({
      partitions: 2,
      change: { to: 3, upTo: undefined },
      checkpoints: [{ owner: 'me' }, { owner: 'me' }],
    })
    // Who holds one may finish what it has begun.
    await store.checkpoints.advance(leases[0]!, 12)
  })

  changed('sets a barrier at the furthest checkpoint when the last lease is released', async ({ store, unique }) => {
    const { subscription, leases } = await behindEachOther(store, unique)
    await wish(store, subscription, 3)
    await store.checkpoints.release(leases[0]!)
    expect((await viewOf(store, subscription, 'me'))?.change).toEqual({ to: 3, upTo: undefined })
    await store.checkpoints.release(leases[1]!)
    expect((await viewOf(store, subscription, 'me'))?.change).toEqual({ to: 3, upTo: 10 })
  })

  changed('sets a barrier when the last lease has expired, and fences who held it', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 0, 2)
    const lease = await held(store, subscription, 'zombie', 0, SHORT)
    await store.checkpoints.advance(lease, 10)
    await wish(store, subscription, 3)
    await until('there is a barrier', async () => (await viewOf(store, subscription, 'me'))?.change?.upTo === 10)
    await rejectsWith('lease-lost', () => store.checkpoints.advance(lease, 11))
    await rejectsWith('lease-lost', () => store.checkpoints.advance(lease, 10))
    expect((await beat(store, 'zombie', [], [lease])).lost).toEqual([lease])
  })

  changed('gives leases of partitions before the barrier only, and no further than to it', async ({ store, unique }) => {
    const { subscription } = await atBarrier(store, unique)
    await expect(store.checkpoints.acquire({ subscription, partition: 0 }, 'me', LONG)).resolves.toEqual({
      acquired: false,
      why: 'repartitioning',
    })
    const taken = await store.checkpoints.acquire({ subscription, partition: 1 }, 'me', LONG)
    expect(taken).toMatchObject({ acquired: true, checkpoint: 3, partitions: 2, upTo: 10 })
    if (!taken.acquired) return
    await rejectsWith('lease-lost', () => store.checkpoints.advance(taken.lease, 11))
    await store.checkpoints.advance(taken.lease, 10)
    // Held by another, it is not given twice either.
    const denied = await store.checkpoints.acquire({ subscription, partition: 1 }, 'other', LONG)
    expect(denied.acquired).toBe(false)
  })

  changed('replaces the partitions when all stand at the barrier and none is held', async ({ store, unique }) => {
    const { subscription, epochs } = await atBarrier(store, unique)
    const lease = await held(store, subscription, 'me', 1)
    await store.checkpoints.advance(lease, 10)
    expect(await viewOf(store, subscription, 'me', [lease])).toMatchObject({ partitions: 2, change: { to: 3, upTo: 10 } })
    await store.checkpoints.release(lease)
    const view = await viewOf(store, subscription, 'me')
    expect(view).toMatchObject({ partitions: 3, change: undefined })
    expect(view!.checkpoints.map(({ partition, checkpoint }) => [partition, checkpoint])).toEqual([0, 1, 2].map((p) => [p, 10]))
    for (const { epoch } of view!.checkpoints) expect(epoch).toBeGreaterThan(Math.max(...epochs, lease.epoch))
    await expect(store.checkpoints.acquire({ subscription, partition: 2 }, 'me', LONG)).resolves.toMatchObject({
      acquired: true,
      checkpoint: 10,
      partitions: 3,
      upTo: undefined,
    })
    await rejectsWith('lease-lost', () => store.checkpoints.advance(lease, 10))
  })

  changed('takes the step that is due when a lease is asked for, too', async ({ store, unique }) => {
    const { subscription, leases } = await behindEachOther(store, unique)
    await wish(store, subscription, 1)
    for (const lease of leases) await store.checkpoints.release(lease)
    const behind = await store.checkpoints.acquire({ subscription, partition: 1 }, 'me', LONG)
    if (!behind.acquired) throw new Error('The partition before the barrier is free')
    await store.checkpoints.advance(behind.lease, 10)
    await store.checkpoints.release(behind.lease)
    await expect(store.checkpoints.acquire({ subscription, partition: 0 }, 'me', LONG)).resolves.toMatchObject({
      acquired: true,
      checkpoint: 10,
      partitions: 1,
    })
  })

  changed('takes a wish back that is not at work yet', async ({ store, unique }) => {
    const { subscription, leases } = await behindEachOther(store, unique)
    await wish(store, subscription, 3)
    await wish(store, subscription, 2)
    expect(await viewOf(store, subscription, 'me', leases)).toMatchObject({ partitions: 2, change: undefined })
    await store.checkpoints.advance(leases[1]!, 20)
    await held(store, subscription, 'me', 0)
  })

  changed('follows the last of several wishes, also behind the barrier', async ({ store, unique }) => {
    const { subscription, leases } = await behindEachOther(store, unique)
    await wish(store, subscription, 3)
    await wish(store, subscription, 5)
    for (const lease of leases) await store.checkpoints.release(lease)
    expect((await viewOf(store, subscription, 'me'))?.change).toEqual({ to: 5, upTo: 10 })
    await wish(store, subscription, 2)
    expect((await viewOf(store, subscription, 'me'))?.change).toEqual({ to: 2, upTo: 10 })
    const lease = await held(store, subscription, 'me', 1)
    await store.checkpoints.advance(lease, 10)
    await store.checkpoints.release(lease)
    expect(await viewOf(store, subscription, 'me')).toMatchObject({ partitions: 2, change: undefined })
  })

  changed('keeps the number of partitions where none is wished for', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 0, 4)
    await store.checkpoints.register({ name: subscription, startAfter: 0 })
    expect(await viewOf(store, subscription, 'me')).toMatchObject({ partitions: 4, change: undefined })
  })

  changed('keeps what is parked when the partitions change', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 0, 1)
    const lease = await held(store, subscription)
    const parked = { sequence: 'account-1', position: 1, part: 0, type: 'money-deposited', stream: 'account-1' }
    await store.checkpoints.advance(lease, 3, { park: [parked] })
    await store.checkpoints.release(lease)
    await wish(store, subscription, 2)
    expect(await viewOf(store, subscription, 'me')).toMatchObject({ partitions: 2, parked: 1 })
  })

  const transactional: typeof scenario = (sentence, run, ...needs) => changed(sentence, run, 'checkpoint transactions', ...needs)

  transactional('refuses an effect beyond the barrier', async ({ store, unique }) => {
    const { subscription } = await atBarrier(store, unique)
    const lease = await held(store, subscription, 'me', 1)
    await rejectsWith('lease-lost', () => store.checkpoints.advanceWith(lease, 11, async () => {}))
    await store.checkpoints.advanceWith(lease, 10, async () => {})
    expect((await store.checkpoints.list(subscription)).map(({ checkpoint }) => checkpoint)).toEqual([10, 10])
  })

  changed(
    'goes through many changes while processes work, without skipping or repeating a position',
    async ({ store, neighbour, unique }) => {
      const stores = [store, await neighbour()]
      const subscription = await registered(store, unique, 0, 2)
      const end = 60
      /** How often each position was finished, for each sequence: sequences are shared out by the number of partitions. */
      const sequences = Array.from({ length: 7 }, () => new Map<number, number>())
      let isOver = false
      const worker = async (index: number) => {
        const [at, owner] = [stores[index % stores.length]!, `worker-${index}`]
        while (!isOver) {
          const view = await viewOf(at, subscription, owner)
          for (let partition = 0; partition < view!.partitions; partition++) {
            await work(at, owner, partition)
          }
          isOver = view!.change === undefined && view!.checkpoints.every(({ checkpoint }) => checkpoint >= end)
        }
      }
      const work = async (at: EventStore, owner: string, partition: number) => {
        const taken = await at.checkpoints.acquire({ subscription, partition }, owner, LONG)
        if (!taken.acquired) return
        for (let position = taken.checkpoint + 1; position <= Math.min(taken.upTo ?? end, taken.checkpoint + 3); position++) {
          await at.checkpoints.advance(taken.lease, position)
          for (const [sequence, finished] of sequences.entries()) {
            if (sequence % taken.partitions === partition) finished.set(position, (finished.get(position) ?? 0) + 1)
          }
        }
        await at.checkpoints.release(taken.lease)
      }
      const wishes = async () => {
        for (const partitions of [3, 1, 4, 2, 5]) {
          await wish(store, subscription, partitions)
          await until('it has changed', async () => (await viewOf(store, subscription, 'wisher'))?.change === undefined)
        }
      }
      await Promise.all([worker(0), worker(1), worker(2), wishes()])
      const everyPosition = Array.from({ length: end }, (_, index) => [index + 1, 1])
      for (const finished of sequences) expect([...finished].sort(([a], [b]) => a - b)).toEqual(everyPosition)
    },
    'several processes',
  )
}

const wish = (store: EventStore, name: string, partitions: number) =>
  store.checkpoints.register({ name, startAfter: 0, partitions })

/** Two partitions that are held, at 10 and at 3. */
async function behindEachOther(store: EventStore, unique: (prefix: string) => string) {
  const subscription = await registered(store, unique, 3, 2)
  const leases = [await held(store, subscription, 'me', 0), await held(store, subscription, 'me', 1)] satisfies Lease[]
  await store.checkpoints.advance(leases[0]!, 10)
  return { subscription, leases }
}

/** The same, released, on their way to three partitions. */
async function atBarrier(store: EventStore, unique: (prefix: string) => string) {
  const { subscription, leases } = await behindEachOther(store, unique)
  await wish(store, subscription, 3)
  for (const lease of leases) await store.checkpoints.release(lease)
  await viewOf(store, subscription, 'me')
  return { subscription, epochs: leases.map(({ epoch }) => epoch) }
}
