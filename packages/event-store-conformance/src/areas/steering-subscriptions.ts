import type { EventStore } from '@writ/event-store'
import type { Area } from '../area.js'
import { beat, viewOf } from '../heartbeats.js'
import { checkpointOf, held, LONG, registered } from '../leases.js'
import { rejectsWith } from '../rejects-with.js'
import { until } from '../until.js'

/** What people do with a subscription: pause it, send it elsewhere, forget it. */
export const steeringSubscriptions: Area = (scenario) => {
  const steered: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'checkpoints', ...needs)

  steered('gives no lease of a subscription that is paused, also to who holds it', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 0, 2)
    await held(store, subscription, 'me', 0)
    await store.checkpoints.pause(subscription)
    await store.checkpoints.pause(subscription)
    for (const partition of [0, 1]) {
      const denied = await store.checkpoints.acquire({ subscription, partition }, 'me', LONG)
      expect(denied).toEqual({ acquired: false, why: 'paused' })
    }
  })

  steered('tells of a pause by heartbeats, and lets who holds a lease finish', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const lease = await held(store, subscription)
    await store.checkpoints.pause(subscription)
    expect(await viewOf(store, subscription, 'me', [lease])).toMatchObject({ isPaused: true, checkpoints: [{ owner: 'me' }] })
    await store.checkpoints.advance(lease, 3)
    await store.checkpoints.release(lease)
    await expect(checkpointOf(store, subscription)).resolves.toBe(3)
  })

  steered('gives leases again when the subscription is resumed', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    await store.checkpoints.pause(subscription)
    await store.checkpoints.resume(subscription)
    await store.checkpoints.resume(subscription)
    expect((await viewOf(store, subscription, 'me'))?.isPaused).toBe(false)
    await store.checkpoints.advance(await held(store, subscription), 1)
  })

  steered('keeps a pause when the subscription is registered again', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    await store.checkpoints.pause(subscription)
    await store.checkpoints.register({ name: subscription, startAfter: 0, partitions: 1 })
    expect((await viewOf(store, subscription, 'me'))?.isPaused).toBe(true)
  })

  steered('refuses to steer a subscription that it does not know', async ({ store, unique }) => {
    const name = unique('subscription')
    await rejectsWith('unknown-subscription', () => store.checkpoints.pause(name))
    await rejectsWith('unknown-subscription', () => store.checkpoints.resume(name))
    await rejectsWith('unknown-subscription', () => store.checkpoints.reset(name, 0))
    await rejectsWith('unknown-subscription', () => store.checkpoints.delete(name))
  })

  steered('moves all partitions by a reset, back or forth', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 5, 3)
    await store.checkpoints.advance(await held(store, subscription, 'me', 1), 9)
    for (const position of [2, 100]) {
      await store.checkpoints.reset(subscription, position)
      const rows = await store.checkpoints.list(subscription)
      expect(rows.map(({ checkpoint, owner }) => [checkpoint, owner])).toEqual(
        [0, 1, 2].map(() => [position, undefined] as const),
      )
    }
  })

  steered('fences whoever holds a lease when the subscription is reset', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const lease = await held(store, subscription)
    await store.checkpoints.reset(subscription, 0)
    await rejectsWith('lease-lost', () => store.checkpoints.advance(lease, 50))
    await rejectsWith('lease-lost', () => store.checkpoints.renew(lease, LONG))
    expect((await beat(store, 'me', [subscription], [lease])).lost).toEqual([lease])
    const next = await held(store, subscription)
    expect(next.epoch).toBeGreaterThan(lease.epoch)
    await rejectsWith('lease-lost', () => store.checkpoints.advance(lease, 50))
    await expect(checkpointOf(store, subscription)).resolves.toBe(0)
  })

  steered('forgets by a reset what is parked, and keeps a pause', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    await store.checkpoints.advance(await held(store, subscription), 3, { park: [parked()] })
    await store.checkpoints.pause(subscription)
    await store.checkpoints.reset(subscription, 0)
    expect(await store.parked.list(subscription)).toEqual([])
    expect((await viewOf(store, subscription, 'me'))?.isPaused).toBe(true)
  })

  steered(
    'ends by a reset a change of the number of partitions: there are as many as were wished for',
    async ({ store, unique }) => {
      const subscription = await registered(store, unique, 5, 2)
      const lease = await held(store, subscription)
      await store.checkpoints.register({ name: subscription, startAfter: 0, partitions: 3 })
      await store.checkpoints.reset(subscription, 1)
      const view = await viewOf(store, subscription, 'me')
      expect(view).toMatchObject({ partitions: 3, change: undefined })
      expect(view!.checkpoints.map(({ checkpoint }) => checkpoint)).toEqual([1, 1, 1])
      for (const { epoch } of view!.checkpoints) expect(epoch).toBeGreaterThan(lease.epoch)
    },
  )

  steered('forgets a subscription that is deleted, and whatever belongs to it', async ({ store, unique }) => {
    const [subscription, other] = [await registered(store, unique, 0, 2), await registered(store, unique)]
    await store.checkpoints.advance(await held(store, subscription), 3, { park: [parked()] })
    await store.checkpoints.advance(await held(store, other), 3, { park: [parked()] })
    await beat(store, 'me', [subscription])
    await store.checkpoints.delete(subscription)
    expect(await store.checkpoints.list(subscription)).toEqual([])
    expect(await store.parked.list(subscription)).toEqual([])
    expect(await viewOf(store, subscription, 'me')).toBeUndefined()
    await rejectsWith('unknown-subscription', () => store.checkpoints.acquire({ subscription, partition: 0 }, 'me', LONG))
    expect(await store.parked.list(other)).toHaveLength(1)
    await store.checkpoints.register({ name: subscription, startAfter: 8 })
    expect(await viewOf(store, subscription, 'another')).toMatchObject({
      partitions: 1,
      members: ['another'],
      checkpoints: [{ checkpoint: 8 }],
    })
  })

  steered(
    'fences whoever holds a lease when the subscription is deleted, also once it is registered again',
    async ({ store, unique }) => {
      const subscription = await registered(store, unique)
      const lease = await held(store, subscription)
      await store.checkpoints.delete(subscription)
      await rejectsWith('lease-lost', () => store.checkpoints.advance(lease, 50))
      expect((await beat(store, 'me', [subscription], [lease])).lost).toEqual([lease])
      await store.checkpoints.register({ name: subscription, startAfter: 0 })
      expect((await held(store, subscription)).epoch).toBeGreaterThan(lease.epoch)
      await rejectsWith('lease-lost', () => store.checkpoints.advance(lease, 50))
    },
  )

  const hinted: typeof scenario = (sentence, run, ...needs) => steered(sentence, run, 'steering hints', ...needs)

  for (const [step, take] of Object.entries(steps)) {
    hinted(`tells listeners of ${step}`, async ({ store, unique }) => {
      const subscription = await registered(store, unique)
      const listener = namesTold(store)
      await takeUntilTold(store, subscription, take, listener)
      listener.stop()
    })
  }

  hinted(
    'tells listeners of what another process has done',
    async ({ store, neighbour, unique }) => {
      const [one, other] = [await registered(store, unique), await registered(store, unique)]
      const listener = namesTold(store)
      await takeUntilTold(await neighbour(), one, steps['a pause'], listener)
      await takeUntilTold(await neighbour(), other, steps['a decision on what is parked'], listener)
      listener.stop()
    },
    'several processes',
  )

  hinted('tells of it when it can be seen', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const seen: Promise<boolean | undefined>[] = []
    const stop = store.onSteered((name) => {
      if (name === subscription) seen.push(viewOf(store, subscription, 'me').then((view) => view?.isPaused))
    })
    await until('the listener was told', async () => {
      await store.checkpoints.pause(subscription)
      return seen.length > 0
    })
    stop()
    expect(await Promise.all(seen)).not.toContain(false)
  })

  hinted('tells the others when one listener throws, and none that was taken away', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const gone = namesTold(store)
    const stopThrowing = store.onSteered(() => {
      throw new Error('This listener is broken')
    })
    const listener = namesTold(store)
    gone.stop()
    gone.stop()
    await takeUntilTold(store, subscription, steps['a pause'], listener)
    stopThrowing()
    listener.stop()
    expect(gone.names).not.toContain(subscription)
  })

  const transactional: typeof scenario = (sentence, run, ...needs) => steered(sentence, run, 'checkpoint transactions', ...needs)

  transactional('resets and deletes together with an effect, which runs once', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 5)
    const transactions: object[] = []
    await store.checkpoints.reset(subscription, 2, async (transaction) => void transactions.push(transaction))
    await expect(checkpointOf(store, subscription)).resolves.toBe(2)
    await store.checkpoints.delete(subscription, async (transaction) => void transactions.push(transaction))
    expect(transactions.map((transaction) => typeof transaction)).toEqual(['object', 'object'])
  })

  transactional(
    'changes nothing by a reset or a delete whose effect fails, and hands on its very error',
    async ({ store, unique }) => {
      const subscription = await registered(store, unique)
      const lease = await held(store, subscription)
      await store.checkpoints.advance(lease, 5, { park: [parked()] })
      const failure = new Error('The read model said no')
      await expect(store.checkpoints.reset(subscription, 1, () => Promise.reject(failure))).rejects.toBe(failure)
      await expect(store.checkpoints.delete(subscription, () => Promise.reject(failure))).rejects.toBe(failure)
      expect(await store.parked.list(subscription)).toHaveLength(1)
      await store.checkpoints.advance(lease, 6)
      await expect(checkpointOf(store, subscription)).resolves.toBe(6)
    },
  )
}

type Step = (store: EventStore, subscription: string) => Promise<unknown>

/** What can be done to a subscription; each may be done again. */
const steps = {
  'a pause': ({ checkpoints }, subscription) => checkpoints.pause(subscription),
  'the end of a pause': ({ checkpoints }, subscription) => checkpoints.resume(subscription),
  'a reset': ({ checkpoints }, subscription) => checkpoints.reset(subscription, 0),
  'a delete': async ({ checkpoints }, subscription) => {
    await checkpoints.register({ name: subscription, startAfter: 0 })
    await checkpoints.delete(subscription)
  },
  'a wish for another number of partitions': async ({ checkpoints }, subscription) => {
    await checkpoints.register({ name: subscription, startAfter: 0, partitions: 2 })
    await checkpoints.register({ name: subscription, startAfter: 0, partitions: 1 })
  },
  'a decision on what is parked': async (store, subscription) => {
    await store.checkpoints.advance(await held(store, subscription), 3, { park: [parked()] })
    await store.parked.decide(subscription, 'discard')
  },
} satisfies Record<string, Step>

interface NamesTold {
  readonly names: readonly string[]
  readonly stop: () => void
}

function namesTold(store: EventStore): NamesTold {
  const names: string[] = []
  return { names, stop: store.onSteered((name) => names.push(name)) }
}

/** A hint may get lost, so nothing counts on a single one. */
async function takeUntilTold(store: EventStore, subscription: string, take: Step, listener: NamesTold): Promise<void> {
  await until('the listener was told', async () => {
    await take(store, subscription)
    return listener.names.includes(subscription)
  })
}

const parked = () => ({ sequence: 'account-1', position: 1, part: 0, type: 'money-deposited', stream: 'account-1' })
