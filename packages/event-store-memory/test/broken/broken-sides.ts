import { type AppendListener, type EventStore, hasCode, type Lease, type StoredEvent } from '@writ/event-store'
import { type BrokenStore, overriding } from './broken-store.js'

/** What a store may do wrong beside its log: receipts, snapshots, checkpoints, wake-ups. */
export const brokenSides: readonly BrokenStore[] = [
  {
    does: 'finds the receipt of another case',
    area: 'receipts',
    instead: (sound) => ({ receipts: overriding(sound.receipts, { find: (id) => sound.receipts.find(id.toLowerCase()) }) }),
  },
  {
    does: 'finds a receipt as of a moment before it was there',
    area: 'receipts',
    instead: (sound) => ({ receipts: overriding(sound.receipts, { find: (id) => sound.receipts.find(id) }) }),
  },
  {
    does: 'goes by the stream alone where a receipt is looked for as of a moment',
    area: 'receipts',
    instead: (sound) => ({
      receipts: overriding(sound.receipts, {
        find: async (id, asOf) => {
          const receipt = await sound.receipts.find(id)
          return asOf && receipt && receipt.position > asOf.position ? undefined : receipt
        },
      }),
    }),
  },
  {
    does: 'has the same moment for ever',
    area: 'receipts',
    instead: (sound) => ({ receipts: overriding(sound.receipts, { moment: async () => 4_102_444_800_000_000 }) }),
  },
  {
    does: 'deletes all receipts instead of the old ones',
    area: 'receipts',
    instead: (sound) => ({
      receipts: overriding(sound.receipts, { deleteOlderThan: () => sound.receipts.deleteOlderThan(-1_000) }),
    }),
  },
  {
    does: 'keeps the snapshot that was saved last, not the newest',
    area: 'snapshots',
    instead: (sound) => ({
      snapshots: overriding(sound.snapshots, {
        save: async (snapshot) => {
          await sound.snapshots.delete(snapshot.stream)
          return sound.snapshots.save(snapshot)
        },
      }),
    }),
  },
  {
    does: 'loads a snapshot of whatever schema version',
    area: 'snapshots',
    instead: (sound) => ({
      snapshots: overriding(sound.snapshots, {
        load: async (stream, version) => (await sound.snapshots.load(stream, version)) ?? sound.snapshots.load(stream, 1),
      }),
    }),
  },
  {
    does: 'deletes no snapshot',
    area: 'snapshots',
    instead: (sound) => ({ snapshots: overriding(sound.snapshots, { delete: async () => {} }) }),
  },
  {
    does: "tells of the first partition's checkpoint only",
    area: 'checkpoints and leases',
    instead: (sound) => ({
      checkpoints: overriding(sound.checkpoints, {
        list: async (name) => {
          const rows = await sound.checkpoints.list(name)
          return rows.map((row) => ({ ...row, checkpoint: rows[0]!.checkpoint }))
        },
      }),
    }),
  },
  {
    does: 'moves a checkpoint back without a word',
    area: 'checkpoints and leases',
    instead: (sound) => ({
      checkpoints: overriding(sound.checkpoints, {
        advance: (lease, position) =>
          sound.checkpoints.advance(lease, position).catch((error: unknown) => {
            if (!hasCode(error, 'checkpoint-behind')) throw error
          }),
      }),
    }),
  },
  {
    does: 'gives a lease to everyone',
    area: 'checkpoints and leases',
    instead: (sound) => ({
      checkpoints: overriding(sound.checkpoints, {
        acquire: async (partition, owner) => {
          const lease = { ...partition, owner, epoch: 1 }
          return { acquired: true, lease, checkpoint: 0, partitions: 1, upTo: undefined }
        },
      }),
    }),
  },
  {
    does: 'lets a zombie advance',
    area: 'checkpoints and leases',
    instead: (sound) => {
      const newest = new Map<string, Lease>()
      return {
        checkpoints: overriding(sound.checkpoints, {
          acquire: async (partition, owner, milliseconds) => {
            const acquisition = await sound.checkpoints.acquire(partition, owner, milliseconds)
            if (acquisition.acquired) newest.set(`${partition.subscription} ${partition.partition}`, acquisition.lease)
            return acquisition
          },
          advance: (lease, position) =>
            sound.checkpoints.advance(newest.get(`${lease.subscription} ${lease.partition}`) ?? lease, position),
        }),
      }
    },
  },
  {
    does: 'never gives a lease up that has expired',
    area: 'checkpoints and leases',
    instead: (sound) => ({
      checkpoints: overriding(sound.checkpoints, {
        acquire: (partition, owner, milliseconds) => sound.checkpoints.acquire(partition, owner, Math.max(milliseconds, 60_000)),
      }),
    }),
  },
  {
    does: 'gives an epoch twice',
    area: 'checkpoints and leases',
    instead: (sound) => ({
      checkpoints: overriding(sound.checkpoints, {
        acquire: async (partition, owner, milliseconds) => {
          const acquisition = await sound.checkpoints.acquire(partition, owner, milliseconds)
          return acquisition.acquired ? { ...acquisition, lease: { ...acquisition.lease, epoch: 1 } } : acquisition
        },
      }),
    }),
  },
  {
    does: 'advances a checkpoint although its effect failed',
    area: 'checkpoints and leases',
    instead: (sound) => ({
      checkpoints: overriding(sound.checkpoints, {
        advanceWith: async (lease, position, effect) => {
          await sound.checkpoints.advance(lease, position)
          await sound.checkpoints.advanceWith(lease, position, effect)
        },
      }),
    }),
  },
  {
    does: 'runs the effect of a lost lease and says nothing',
    area: 'checkpoints and leases',
    instead: (sound) => ({
      checkpoints: overriding(sound.checkpoints, {
        advanceWith: (lease, position, effect) =>
          sound.checkpoints.advanceWith(lease, position, effect).catch((error: unknown) => {
            if (!hasCode(error, 'lease-lost')) throw error
          }),
      }),
    }),
  },
  {
    does: 'wakes nobody up',
    area: 'wake-ups',
    instead: () => ({ onAppended: () => () => {} }),
  },
  {
    does: 'brings along an event that is not quite what was stored',
    area: 'wake-ups',
    instead: (sound) => bringing(sound, (event) => ({ ...event, data: JSON.stringify(JSON.parse(event.data)) })),
  },
  {
    does: 'brings along a part of what was written',
    area: 'wake-ups',
    instead: (sound) => bringing(sound, (event) => (event.tags.length > 0 ? event : undefined)),
  },
  {
    does: 'wakes a listener up that was taken away',
    area: 'wake-ups',
    instead: (sound) => ({
      onAppended: (listener) => {
        sound.onAppended(listener)
        return () => {}
      },
    }),
  },
  {
    does: 'wakes up before what woke it can be read',
    area: 'wake-ups',
    instead: (sound) => {
      const listeners = new Set<() => void>()
      return {
        onAppended: (listener) => {
          listeners.add(listener)
          return () => void listeners.delete(listener)
        },
        append: (append) => {
          for (const listener of listeners) listener()
          return sound.append(append)
        },
      }
    },
  },
]

/** Brings along what each append has written: each event changed in a way, or left out. */
function bringing(sound: EventStore, change: (event: StoredEvent) => StoredEvent | undefined): Partial<EventStore> {
  const listeners = new Set<AppendListener>()
  return {
    onAppended: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async append(append) {
      const appended = await sound.append(append)
      const { position: upTo } = appended
      const after = upTo - append.events.length
      const events: StoredEvent[] = []
      for await (const page of sound.readAll({ after, upTo })) events.push(...page.flatMap((event) => change(event) ?? []))
      for (const listener of listeners) listener({ after, upTo, events })
      return appended
    },
  }
}
