import type { ProjectionVersions } from '@writ/event-store'
import { type BrokenStore, overriding } from './broken-store.js'

/** What a store may do wrong with subscriptions that are shared, steered and divided, and with what belongs to them. */
export const brokenSubscriptions: readonly BrokenStore[] = [
  {
    does: 'says nothing of lost leases',
    area: 'subscriptions that are shared',
    instead: (sound) => ({
      checkpoints: overriding(sound.checkpoints, {
        heartbeat: async (heartbeat) => ({ ...(await sound.checkpoints.heartbeat(heartbeat)), lost: [] }),
      }),
    }),
  },
  {
    does: 'counts members that are gone',
    area: 'subscriptions that are shared',
    instead: (sound) => ({
      checkpoints: overriding(sound.checkpoints, {
        heartbeat: (heartbeat) => sound.checkpoints.heartbeat({ ...heartbeat, leaseMilliseconds: 60_000 }),
      }),
    }),
  },
  {
    does: 'keeps the leases of who leaves',
    area: 'subscriptions that are shared',
    instead: (sound) => ({ checkpoints: overriding(sound.checkpoints, { leave: async () => {} }) }),
  },
  {
    does: 'pauses nothing',
    area: 'subscriptions that are steered',
    instead: (sound) => ({ checkpoints: overriding(sound.checkpoints, { pause: async () => {} }) }),
  },
  {
    does: 'resets the first partition only',
    area: 'subscriptions that are steered',
    instead: (sound, log) => ({
      checkpoints: overriding(sound.checkpoints, {
        reset: async (name, position, effect) => {
          const before = await sound.checkpoints.list(name)
          await sound.checkpoints.reset(name, position, effect)
          const partitions = log.subscriptions.get(name)!.partitions
          for (const { partition, checkpoint } of before.slice(1)) partitions[partition]!.checkpoint = checkpoint
        },
      }),
    }),
  },
  {
    does: 'forgets the epochs of what is deleted',
    area: 'subscriptions that are steered',
    instead: (sound, log) => ({
      checkpoints: overriding(sound.checkpoints, {
        delete: async (name, effect) => {
          await sound.checkpoints.delete(name, effect)
          log.epochFloor = 0
        },
      }),
    }),
  },
  {
    does: 'tells nobody that a subscription was steered',
    area: 'subscriptions that are steered',
    instead: () => ({ onSteered: () => () => {} }),
  },
  {
    does: 'tells of a pause before it can be seen',
    area: 'subscriptions that are steered',
    instead: (sound, log) => ({
      checkpoints: overriding(sound.checkpoints, {
        pause: async (name) => {
          log.steered(name)
          await new Promise((resolve) => setTimeout(resolve, 5))
          await sound.checkpoints.pause(name)
        },
      }),
    }),
  },
  {
    does: 'tells a listener of a pause that was taken away',
    area: 'subscriptions that are steered',
    instead: (sound) => ({
      onSteered: (listener) => {
        sound.onSteered(listener)
        return () => {}
      },
    }),
  },
  ...(['changes of the number of partitions', 'random changes of the number of partitions'] as const).map(
    (area): BrokenStore => ({
      does: 'changes the number of partitions without a barrier',
      area,
      instead: (sound) => ({
        checkpoints: overriding(sound.checkpoints, {
          register: async (subscription) => {
            const rows = await sound.checkpoints.list(subscription.name)
            const isChange = rows.length > 0 && subscription.partitions !== undefined && rows.length !== subscription.partitions
            if (isChange) await sound.checkpoints.delete(subscription.name)
            const startAfter = Math.max(...rows.map(({ checkpoint }) => checkpoint))
            await sound.checkpoints.register(isChange ? { ...subscription, startAfter } : subscription)
          },
        }),
      }),
    }),
  ),
  {
    does: 'parks events although the checkpoint may not move',
    area: 'parked events',
    instead: (sound, log) => ({
      checkpoints: overriding(sound.checkpoints, {
        advance: (lease, position, changes) =>
          sound.checkpoints.advance(lease, position, changes).catch((error: unknown) => {
            const { park = [], unpark = [] } = changes ?? {}
            log.subscriptions.get(lease.subscription)?.parking.change({ park, unpark }, log.now())
            throw error
          }),
      }),
    }),
  },
  {
    does: 'takes all parked events for due',
    area: 'parked events',
    instead: (sound) => ({
      parked: overriding(sound.parked, { due: (subscription, options) => sound.parked.list(subscription, options) }),
    }),
  },
  {
    does: 'tells of all that is due where only what was woken is asked for',
    area: 'parked events',
    instead: (sound) => ({
      parked: overriding(sound.parked, {
        due: (subscription, options) => sound.parked.due(subscription, { ...options, woken: false }),
      }),
    }),
  },
  {
    does: 'cuts a position of parked events in two',
    area: 'parked events',
    instead: (sound) => ({
      parked: overriding(sound.parked, {
        list: async (subscription, options) => (await sound.parked.list(subscription, options)).slice(0, options?.limit),
      }),
    }),
  },
  {
    does: 'swaps whatever version is live',
    area: 'live versions of projections',
    instead: (sound) => ({
      projections: overriding(sound.projections, {
        swap: async (name, { to }, effect) => {
          const live = await sound.projections.live(name)
          await sound.projections.swap(name, { from: live?.version, to }, effect)
        },
      }),
    }),
  },
  {
    does: 'swaps before the effect has succeeded',
    area: 'live versions of projections',
    instead: (sound) => ({
      projections: overriding(sound.projections, {
        swap: async (name, change, effect) => {
          await sound.projections.swap(name, change)
          await sound.projections.read((transaction) => effect?.(transaction) ?? Promise.resolve())
        },
      }),
    }),
  },
  {
    does: 'reads live versions as they are at each look',
    area: 'live versions of projections',
    instead: (sound) => {
      const liveVersion = async (name: string) => (await sound.projections.live(name))?.version
      const read: ProjectionVersions['read'] = (work) =>
        sound.projections.read((transaction) => work({ ...transaction, liveVersion }))
      return { projections: overriding(sound.projections, { read }) }
    },
  },
]
