import type { EventStore } from '@writ/event-store'
import type { Area } from '../area.js'
import type { Capability } from '../capability.js'
import { rejectsWith } from '../rejects-with.js'

const unchecked = (value: unknown) => value as never

type Attempt = readonly [what: string, attempt: (store: EventStore, name: string) => Promise<unknown>]

const subscription = (name: unknown, given: object = {}) => unchecked({ name, startAfter: 0, ...given })
const partition = (name: string, given: object = {}) => unchecked({ subscription: name, partition: 0, ...given })
const snapshot = (stream: string, given: object = {}) =>
  unchecked({ stream, version: 1, position: 1, schemaVersion: 1, state: '{}', ...given })

const checkpoints: readonly Attempt[] = [
  ['a subscription without a name', (store) => store.checkpoints.register(subscription(''))],
  ['a subscription with a NUL in its name', (store, name) => store.checkpoints.register(subscription(`${name}\u0000`))],
  ['a subscription whose name has 301 characters', (store) => store.checkpoints.register(subscription('n'.repeat(301)))],
  ['a subscription that starts after -1', (store, name) => store.checkpoints.register(subscription(name, { startAfter: -1 }))],
  [
    'a subscription that starts after NaN',
    (store, name) => store.checkpoints.register(subscription(name, { startAfter: Number.NaN })),
  ],
  ['a subscription of no partitions', (store, name) => store.checkpoints.register(subscription(name, { partitions: 0 }))],
  ['a subscription of 1.5 partitions', (store, name) => store.checkpoints.register(subscription(name, { partitions: 1.5 }))],
  ['a lease of partition -1', (store, name) => store.checkpoints.acquire(partition(name, { partition: -1 }), 'me', 1_000)],
  ['a lease for nobody', (store, name) => store.checkpoints.acquire(partition(name), '', 1_000)],
  ['a lease of NaN milliseconds', (store, name) => store.checkpoints.acquire(partition(name), 'me', Number.NaN)],
  ['a lease of -1 milliseconds', (store, name) => store.checkpoints.acquire(partition(name), 'me', -1)],
]

const positions: readonly Attempt[] = [-1, 1.5, Number.NaN, '7'].flatMap((position): Attempt[] => [
  [`a checkpoint at ${JSON.stringify(position)}`, async (store, name) => advance(store, name, position)],
])

const snapshots: readonly Attempt[] = [
  ['a snapshot of version 0', (store, name) => store.snapshots.save(snapshot(name, { version: 0 }))],
  ['a snapshot at position 1.5', (store, name) => store.snapshots.save(snapshot(name, { position: 1.5 }))],
  ['a snapshot of schema version -1', (store, name) => store.snapshots.save(snapshot(name, { schemaVersion: -1 }))],
  ['a snapshot without a state', (store, name) => store.snapshots.save(snapshot(name, { state: undefined }))],
  ['a snapshot with a NUL in its state', (store, name) => store.snapshots.save(snapshot(name, { state: '"\u0000"' }))],
]

const receipts: readonly Attempt[] = [
  ['a search for the receipt of no id', (store) => store.receipts.find('')],
  ['a search for the receipt of an id with a NUL', (store) => store.receipts.find('a\u0000')],
  ['a deletion of receipts older than NaN', (store) => store.receipts.deleteOlderThan(Number.NaN)],
  ['a deletion of receipts older than -1', (store) => store.receipts.deleteOlderThan(-1)],
]

/** What is kept beside the events is checked as they are: before anything is written, with an error that names the mistake. */
export const badBookkeeping: Area = (scenario) => {
  const refused = (attempts: readonly Attempt[], needs: Capability) => {
    for (const [what, attempt] of attempts) {
      scenario(
        `refuses ${what}`,
        async ({ store, unique }) => {
          const name = unique('kept')
          await rejectsWith('invalid-option', () => attempt(store, name))
          if (needs === 'checkpoints')
            expect((await store.checkpoints.list(name)).every(({ checkpoint }) => checkpoint === 0)).toBe(true)
        },
        needs,
      )
    }
  }
  refused([...checkpoints, ...positions], 'checkpoints')
  refused(snapshots, 'snapshots')
  refused(receipts, 'receipts')
}

async function advance(store: EventStore, name: string, position: unknown): Promise<void> {
  await store.checkpoints.register({ name, startAfter: 0 })
  const taken = await store.checkpoints.acquire({ subscription: name, partition: 0 }, 'me', 60_000)
  if (!taken.acquired) throw new Error('The lease is not free.')
  await store.checkpoints.advance(taken.lease, position as number)
}
