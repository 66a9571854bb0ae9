import { setTimeout as pause } from 'node:timers/promises'
import type { CheckpointBehindError, EventStore, LeaseLostError } from '@writ/event-store'
import type { Area } from '../area.js'
import { checkpointOf, held, LONG, registered, SHORT, takenOver, takeover } from '../leases.js'
import { rejectsWith } from '../rejects-with.js'
import { upTo } from '../sample-events.js'
import { until } from '../until.js'

export const checkpoints: Area = (scenario) => {
  const kept: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'checkpoints', ...needs)

  kept('starts a new subscription after the position that it is given', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 42)
    await expect(store.checkpoints.list(subscription)).resolves.toEqual([
      { subscription, partition: 0, checkpoint: 42, owner: undefined, epoch: expect.any(Number), leaseExpiresIn: undefined },
    ])
  })

  kept('keeps the checkpoint of a subscription that is registered again', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    await store.checkpoints.advance(await held(store, subscription), 7)
    await store.checkpoints.register({ name: subscription, startAfter: 100 })
    await expect(checkpointOf(store, subscription)).resolves.toBe(7)
  })

  kept('registers a subscription once that many register at the same time', async ({ store, unique }) => {
    const name = unique('subscription')
    await Promise.all(upTo(10).map(() => store.checkpoints.register({ name, startAfter: 3, partitions: 2 })))
    expect(await store.checkpoints.list(name)).toHaveLength(2)
  })

  kept(
    'has as many partitions as it was registered with, each with a lease and a checkpoint of its own',
    async ({ store, unique }) => {
      const subscription = await registered(store, unique, 0, 4)
      const leases = await Promise.all(
        [0, 1, 2, 3].map((partition) => held(store, subscription, `owner-${partition}`, partition)),
      )
      for (const lease of leases) await store.checkpoints.advance(lease, (lease.partition + 1) * 10)
      const rows = await store.checkpoints.list(subscription)
      expect(rows.map(({ partition, checkpoint, owner }) => [partition, checkpoint, owner])).toEqual(
        [0, 1, 2, 3].map((partition) => [partition, (partition + 1) * 10, `owner-${partition}`]),
      )
    },
  )

  kept('lists every subscription, or the one that is asked for', async ({ store, unique }) => {
    const [one, two] = [await registered(store, unique, 1), await registered(store, unique, 2, 2)]
    const all = await store.checkpoints.list()
    expect(all.filter(({ subscription }) => subscription === one)).toEqual(await store.checkpoints.list(one))
    expect(all.filter(({ subscription }) => subscription === two)).toEqual(await store.checkpoints.list(two))
    await expect(store.checkpoints.list(unique('subscription'))).resolves.toEqual([])
  })

  kept('takes subscription and owner names of any letters', async ({ store, unique }) => {
    const name = `${unique('Übersicht')}'s "of" $1; -- 💶`
    await store.checkpoints.register({ name, startAfter: 0 })
    const lease = await held(store, name, `it's "me" \\ 💶`)
    await store.checkpoints.advance(lease, 5)
    expect((await store.checkpoints.list(name))[0]).toMatchObject({ subscription: name, owner: `it's "me" \\ 💶`, checkpoint: 5 })
  })

  kept('refuses a lease on a subscription that was never registered', async ({ store, unique }) => {
    const partition = { subscription: unique('subscription'), partition: 0 }
    await rejectsWith('unknown-subscription', () => store.checkpoints.acquire(partition, 'me', LONG))
  })

  kept('denies a lease on a partition that the subscription has not', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 0, 2)
    const denied = await store.checkpoints.acquire({ subscription, partition: 2 }, 'me', LONG)
    expect(denied).toEqual({ acquired: false, why: 'no-such-partition' })
  })

  kept('gives a free lease, and with it the checkpoint', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 12)
    const acquisition = await store.checkpoints.acquire({ subscription, partition: 0 }, 'me', LONG)
    expect(acquisition).toEqual({
      acquired: true,
      lease: { subscription, partition: 0, owner: 'me', epoch: expect.any(Number) },
      checkpoint: 12,
      partitions: 1,
      upTo: undefined,
    })
    const [row] = await store.checkpoints.list(subscription)
    expect(row).toMatchObject({ owner: 'me', epoch: acquisition.acquired ? acquisition.lease.epoch : undefined })
    expect(row!.leaseExpiresIn).toBeGreaterThan(0)
    expect(row!.leaseExpiresIn).toBeLessThanOrEqual(LONG)
  })

  kept('denies a lease that another holds, and tells who and for how long', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    await held(store, subscription, 'first')
    const denied = await store.checkpoints.acquire({ subscription, partition: 0 }, 'second', LONG)
    expect(denied).toEqual({ acquired: false, why: 'held', heldBy: 'first', expiresIn: expect.any(Number) })
    if (denied.acquired || denied.why !== 'held') return
    expect(denied.expiresIn).toBeGreaterThan(0)
    expect(denied.expiresIn).toBeLessThanOrEqual(LONG)
  })

  kept('gives a lease again to the owner who holds it', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const first = await held(store, subscription, 'me')
    await store.checkpoints.advance(first, 5)
    const again = await store.checkpoints.acquire({ subscription, partition: 0 }, 'me', LONG)
    expect(again).toMatchObject({ acquired: true, checkpoint: 5 })
    if (!again.acquired) return
    expect(again.lease.epoch).toBeGreaterThanOrEqual(first.epoch)
    await store.checkpoints.advance(again.lease, 6)
    await expect(checkpointOf(store, subscription)).resolves.toBe(6)
  })

  kept('gives a released lease to the next owner at once, with a greater epoch and the checkpoint', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const first = await held(store, subscription, 'first')
    await store.checkpoints.advance(first, 5)
    await store.checkpoints.release(first)
    expect((await store.checkpoints.list(subscription))[0]).toMatchObject({
      owner: undefined,
      leaseExpiresIn: undefined,
      checkpoint: 5,
    })
    const next = await store.checkpoints.acquire({ subscription, partition: 0 }, 'second', LONG)
    expect(next).toMatchObject({ acquired: true, checkpoint: 5 })
    expect(next.acquired && next.lease.epoch).toBeGreaterThan(first.epoch)
  })

  kept('gives an expired lease to the next owner, with a greater epoch', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const first = await held(store, subscription, 'first', 0, SHORT)
    const second = await takenOver(store, subscription, 'second')
    expect(second.epoch).toBeGreaterThan(first.epoch)
    expect(second.owner).toBe('second')
  })

  kept('lengthens a lease that is renewed', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const lease = await held(store, subscription, 'me', 0, 5_000)
    await store.checkpoints.renew(lease, LONG)
    const denied = await store.checkpoints.acquire({ subscription, partition: 0 }, 'other', LONG)
    expect(denied).toMatchObject({ acquired: false, heldBy: 'me' })
    expect(denied).toHaveProperty('expiresIn')
    if (!denied.acquired && denied.why === 'held') expect(denied.expiresIn).toBeGreaterThan(5_000)
  })

  kept('refuses to renew a lease that another has taken over, and changes nothing', async ({ store, unique }) => {
    const { subscription, zombie, successor } = await takeover(store, unique)
    const error = await rejectsWith<LeaseLostError>('lease-lost', () => store.checkpoints.renew(zombie, LONG))
    expect(error).toMatchObject({ subscription, partition: 0, owner: zombie.owner, epoch: zombie.epoch })
    expect((await store.checkpoints.list(subscription))[0]).toMatchObject({ owner: successor.owner, epoch: successor.epoch })
  })

  kept('lets an owner go on whose lease ran out while nobody took it over', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const lease = await held(store, subscription, 'me', 0, 1)
    await until('the lease has expired', async () => {
      const left = (await store.checkpoints.list(subscription))[0]?.leaseExpiresIn
      return left === undefined || left <= 0
    })
    await store.checkpoints.advance(lease, 3)
    await store.checkpoints.renew(lease, LONG)
    await expect(checkpointOf(store, subscription)).resolves.toBe(3)
  })

  kept('lets exactly one of ten owners have a lease that they want at the same time', async ({ store, unique }) => {
    await raceForLease(
      upTo(10).map(() => store),
      await registered(store, unique),
    )
  })

  kept(
    'lets exactly one of two processes have a lease that both want at the same time, twenty times over',
    async ({ store, neighbour, unique }) => {
      const stores = [store, await neighbour()]
      await Promise.all(upTo(20).map(async () => raceForLease(stores, await registered(store, unique))))
    },
    'several processes',
  )

  kept('advances a checkpoint', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const lease = await held(store, subscription)
    for (const position of [1, 2, 1_000, 9_007_199_254_740_991]) {
      await store.checkpoints.advance(lease, position)
      await expect(checkpointOf(store, subscription)).resolves.toBe(position)
    }
  })

  kept('leaves a checkpoint as it is that is advanced to where it stands', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 8)
    const lease = await held(store, subscription)
    await store.checkpoints.advance(lease, 8)
    await expect(checkpointOf(store, subscription)).resolves.toBe(8)
  })

  kept('refuses to move a checkpoint back, and tells where it stands', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 8)
    const lease = await held(store, subscription)
    const error = await rejectsWith<CheckpointBehindError>('checkpoint-behind', () => store.checkpoints.advance(lease, 7))
    expect(error).toMatchObject({ subscription, partition: 0, stored: 8, given: 7 })
    await expect(checkpointOf(store, subscription)).resolves.toBe(8)
  })

  kept('refuses to advance through a lease that another has taken over, and changes nothing', async ({ store, unique }) => {
    const { subscription, zombie, successor } = await takeover(store, unique)
    await rejectsWith<LeaseLostError>('lease-lost', () => store.checkpoints.advance(zombie, 50))
    await expect(checkpointOf(store, subscription)).resolves.toBe(0)
    await store.checkpoints.advance(successor, 5)
    await rejectsWith('lease-lost', () => store.checkpoints.advance(zombie, 5))
    await rejectsWith('lease-lost', () => store.checkpoints.advance(zombie, 2))
    await expect(checkpointOf(store, subscription)).resolves.toBe(5)
  })

  kept('refuses to advance through a lease that was released', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const lease = await held(store, subscription)
    await store.checkpoints.release(lease)
    await rejectsWith('lease-lost', () => store.checkpoints.advance(lease, 50))
    await expect(checkpointOf(store, subscription)).resolves.toBe(0)
  })

  kept('refuses to advance through a made-up lease', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const lease = await held(store, subscription)
    for (const forged of [
      { ...lease, owner: 'another' },
      { ...lease, epoch: lease.epoch + 1 },
      { ...lease, partition: 1 },
    ]) {
      await rejectsWith('lease-lost', () => store.checkpoints.advance(forged, 50))
    }
    await rejectsWith('lease-lost', () => store.checkpoints.advance({ ...lease, subscription: unique('subscription') }, 50))
    await expect(checkpointOf(store, subscription)).resolves.toBe(0)
  })

  kept('takes no harm from a lost lease that is released', async ({ store, unique }) => {
    const { subscription, zombie, successor } = await takeover(store, unique)
    await store.checkpoints.release(zombie)
    await store.checkpoints.advance(successor, 5)
    expect((await store.checkpoints.list(subscription))[0]).toMatchObject({ owner: successor.owner, checkpoint: 5 })
    await store.checkpoints.release(successor)
    await store.checkpoints.release(successor)
  })

  kept('never gives an epoch twice, through takeovers, releases and returns', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const epochs: number[] = []
    for (const owner of ['a', 'b', 'a', 'c', 'b', 'a']) {
      const lease = await held(store, subscription, owner)
      epochs.push(lease.epoch)
      await store.checkpoints.release(lease)
    }
    expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b))
  })

  kept(
    'sees a lease and a checkpoint of another process',
    async ({ store, neighbour, unique }) => {
      const other = await neighbour()
      const subscription = await registered(store, unique)
      const lease = await held(store, subscription, 'here')
      await store.checkpoints.advance(lease, 9)
      await expect(other.checkpoints.acquire({ subscription, partition: 0 }, 'there', LONG)).resolves.toMatchObject({
        heldBy: 'here',
      })
      await expect(checkpointOf(other, subscription)).resolves.toBe(9)
    },
    'several processes',
  )

  const transactional: typeof scenario = (sentence, run, ...needs) => kept(sentence, run, 'checkpoint transactions', ...needs)

  transactional('advances a checkpoint together with an effect, which runs once', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const lease = await held(store, subscription)
    const transactions: object[] = []
    await store.checkpoints.advanceWith(lease, 5, async (transaction) => void transactions.push(transaction))
    expect(transactions.map((transaction) => typeof transaction)).toEqual(['object'])
    await expect(checkpointOf(store, subscription)).resolves.toBe(5)
  })

  transactional('shows the checkpoint to others only when the effect has come to its end', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const lease = await held(store, subscription)
    await store.checkpoints.advanceWith(lease, 5, async () => {
      await expect(checkpointOf(store, subscription)).resolves.toBe(0)
    })
    await expect(checkpointOf(store, subscription)).resolves.toBe(5)
  })

  transactional(
    'leaves the checkpoint where it is when the effect fails, and hands on its very error',
    async ({ store, unique }) => {
      const subscription = await registered(store, unique)
      const lease = await held(store, subscription)
      const failure = new Error('The read model said no')
      const attempt = store.checkpoints.advanceWith(lease, 5, () => Promise.reject(failure))
      await expect(attempt).rejects.toBe(failure)
      await expect(checkpointOf(store, subscription)).resolves.toBe(0)
      await store.checkpoints.advanceWith(lease, 5, async () => {})
      await expect(checkpointOf(store, subscription)).resolves.toBe(5)
    },
  )

  transactional('refuses an effect through a lost lease, and leaves the checkpoint where it is', async ({ store, unique }) => {
    const { subscription, zombie } = await takeover(store, unique)
    await rejectsWith('lease-lost', () => store.checkpoints.advanceWith(zombie, 5, async () => {}))
    await expect(checkpointOf(store, subscription)).resolves.toBe(0)
  })

  transactional('refuses an effect that would move the checkpoint back', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 8)
    const lease = await held(store, subscription)
    await rejectsWith('checkpoint-behind', () => store.checkpoints.advanceWith(lease, 7, async () => {}))
    await expect(checkpointOf(store, subscription)).resolves.toBe(8)
  })

  transactional('runs the effects of several partitions side by side', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 0, 2)
    const leases = await Promise.all([held(store, subscription, 'me', 0), held(store, subscription, 'me', 1)])
    let started = 0
    // Each waits until the other has started too: it ends only when they run at the same time.
    const effect = async () => {
      started++
      await until('both effects have started', async () => started === 2)
    }
    await Promise.all(leases.map((lease) => store.checkpoints.advanceWith(lease, 5, effect)))
    expect((await store.checkpoints.list(subscription)).map(({ checkpoint }) => checkpoint)).toEqual([5, 5])
  })

  transactional(
    'either fences an effect that outlives its lease, or lets the successor see its checkpoint: never neither',
    async ({ store, neighbour, unique }) => {
      const other = await neighbour()
      const subscription = await registered(store, unique)
      const zombie = await held(store, subscription, 'zombie', 0, SHORT)
      let isTakenOver = false
      let start = () => {}
      const started = new Promise<void>((resolve) => (start = resolve))
      // Adapters may make the successor wait for the effect, so that the effect may not wait for the successor without end.
      const effect = store.checkpoints
        .advanceWith(zombie, 5, async () => {
          start()
          for (let waited = 0; waited < 10 * SHORT && !isTakenOver; waited += 20) await pause(20)
        })
        .then(
          () => 'advanced',
          (error: { code?: unknown }) => error.code,
        )
      await Promise.race([started, effect])
      const checkpoint = await until('the successor has the lease', async () => {
        const acquisition = await other.checkpoints.acquire({ subscription, partition: 0 }, 'successor', LONG)
        return acquisition.acquired && `at ${acquisition.checkpoint}`
      })
      isTakenOver = true
      const outcome = await effect
      expect([outcome, checkpoint]).toEqual(outcome === 'advanced' ? ['advanced', 'at 5'] : ['lease-lost', 'at 0'])
      await expect(checkpointOf(store, subscription)).resolves.toBe(outcome === 'advanced' ? 5 : 0)
    },
    'several processes',
  )
}

async function raceForLease(stores: readonly EventStore[], subscription: string): Promise<void> {
  const acquisitions = await Promise.all(
    stores.map((store, index) => store.checkpoints.acquire({ subscription, partition: 0 }, `owner-${index}`, LONG)),
  )
  const winner = acquisitions.findIndex(({ acquired }) => acquired)
  expect(winner).toBeGreaterThanOrEqual(0)
  for (const [index, acquisition] of acquisitions.entries()) {
    if (index !== winner) expect(acquisition).toMatchObject({ acquired: false, heldBy: `owner-${winner}` })
  }
}
