import type { EventStore, ParkingChanges } from '@writ/event-store'
import type { Area } from '../area.js'
import type { Capability } from '../capability.js'
import { rejectsWith } from '../rejects-with.js'

const unchecked = (value: unknown) => value as never

type Attempt = readonly [what: string, attempt: (store: EventStore, name: string) => Promise<unknown>]

const subscription = (name: unknown, given: object = {}) => unchecked({ name, startAfter: 0, ...given })
const partition = (name: string, given: object = {}) => unchecked({ subscription: name, partition: 0, ...given })
const heartbeat = (given: object) => unchecked({ owner: 'me', subscriptions: [], leases: [], leaseMilliseconds: 1_000, ...given })
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
  ['a subscription of 1,001 partitions', (store, name) => store.checkpoints.register(subscription(name, { partitions: 1_001 }))],
  ['a subscription of 1.5 partitions', (store, name) => store.checkpoints.register(subscription(name, { partitions: 1.5 }))],
  ['a lease of partition -1', (store, name) => store.checkpoints.acquire(partition(name, { partition: -1 }), 'me', 1_000)],
  ['a lease for nobody', (store, name) => store.checkpoints.acquire(partition(name), '', 1_000)],
  ['a lease of NaN milliseconds', (store, name) => store.checkpoints.acquire(partition(name), 'me', Number.NaN)],
  ['a lease of -1 milliseconds', (store, name) => store.checkpoints.acquire(partition(name), 'me', -1)],
  ['a heartbeat of nobody', (store) => store.checkpoints.heartbeat(heartbeat({ owner: '' }))],
  ['a heartbeat for NaN milliseconds', (store) => store.checkpoints.heartbeat(heartbeat({ leaseMilliseconds: Number.NaN }))],
  ['a heartbeat for a subscription without a name', (store) => store.checkpoints.heartbeat(heartbeat({ subscriptions: [''] }))],
  ['a leave of nobody', (store) => store.checkpoints.leave('')],
  ['a pause of no subscription', (store) => store.checkpoints.pause('')],
  ['a reset to -1', (store, name) => store.checkpoints.reset(name, -1)],
  ['a reset to 1.5', (store, name) => store.checkpoints.reset(name, 1.5)],
  ['a deletion of no subscription', (store) => store.checkpoints.delete('')],
]

const positions: readonly Attempt[] = [-1, 1.5, Number.NaN, '7'].flatMap((position): Attempt[] => [
  [`a checkpoint at ${JSON.stringify(position)}`, async (store, name) => advance(store, name, position)],
])

const event = (given: object = {}) =>
  unchecked({ sequence: 'a', position: 1, part: 0, type: 'money-deposited', stream: 'account-1', ...given })
const thousandAndOne = Array.from({ length: 1_001 }, (_, index) => event({ position: index + 1 }))

/** Changes with an advance, which must not move the checkpoint either. */
const changes: readonly Attempt[] = (
  [
    ['parks an event at -1', { park: [event({ position: -1 })] }],
    ['parks a part of -1', { park: [event({ part: -1 })] }],
    ['parks an event of a sequence of 1,001 bytes', { park: [event({ sequence: `${'é'.repeat(500)}e` })] }],
    ['parks an event of a sequence with a NUL', { park: [event({ sequence: 'a\u0000' })] }],
    ['parks an event whose type is no text', { park: [event({ type: 7 })] }],
    ['parks an event to be retried in NaN milliseconds', { park: [event({ retryIn: Number.NaN })] }],
    ['parks an event to be retried in -1 milliseconds', { park: [event({ retryIn: -1 })] }],
    ['parks an event to be retried never', { park: [event({ retryIn: Number.POSITIVE_INFINITY })] }],
    ['parks an event whose failure has no attempts', { park: [event({ failure: {} })] }],
    ['parks an event twice', { park: [event(), event()] }],
    ['parks an event and takes it out', { park: [event()], unpark: [event()] }],
    ['takes an event out at 1.5', { unpark: [event({ position: 1.5 })] }],
    ['parks 1,001 events', { park: thousandAndOne }],
  ] as const
).map(([what, given]): Attempt => [`an advance that ${what}`, (store, name) => advance(store, name, 1, unchecked(given))])

const parked: readonly Attempt[] = [
  ['a list of parked events of no subscription', (store) => store.parked.list('')],
  ['a list of 0 parked events', (store, name) => store.parked.list(name, { limit: 0 })],
  ['a list of 1,001 parked events', (store, name) => store.parked.due(name, { limit: 1_001 })],
  ["a list of woken events for 'yes'", (store, name) => store.parked.due(name, { woken: unchecked('yes') })],
  ['a list of parked events after -1', (store, name) => store.parked.due(name, { after: -1 })],
  ['a decision that there is not', (store, name) => store.parked.decide(name, unchecked('forget'))],
  ['a decision at NaN', (store, name) => store.parked.decide(name, 'retry', { position: Number.NaN })],
  ['edited data that are no JSON', (store, name) => store.parked.edit(name, event(), '{')],
  ['edited data that are no object', (store, name) => store.parked.edit(name, event(), '[1]')],
  ['edited data with a NUL', (store, name) => store.parked.edit(name, event(), '{"a":"\u0000"}')],
]

const versions: readonly Attempt[] = [
  ['a live version of no projection', (store) => store.projections.live('')],
  ['a swap to version 0', (store, name) => store.projections.swap(name, { from: undefined, to: 0 })],
  ['a swap to version 1.5', (store, name) => store.projections.swap(name, { from: undefined, to: 1.5 })],
  ['a swap from version -1', (store, name) => store.projections.swap(name, { from: -1, to: 1 })],
  ['a swap to the version that it is from', (store, name) => store.projections.swap(name, { from: 1, to: 1 })],
]

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
  ['a search for a receipt as of position -1', (store) => store.receipts.find('a', { position: -1, moment: 0 })],
  ['a search for a receipt as of no moment', (store) => store.receipts.find('a', { position: 0, moment: Number.NaN })],
  ['a search for a receipt as of nothing', (store) => store.receipts.find('a', null as never)],
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
  refused([...checkpoints, ...positions, ...changes, ...parked], 'checkpoints')
  refused(versions, 'projection versions')
  refused(snapshots, 'snapshots')
  refused(receipts, 'receipts')
}

async function advance(store: EventStore, name: string, position: unknown, given?: ParkingChanges): Promise<void> {
  await store.checkpoints.register({ name, startAfter: 0 })
  const taken = await store.checkpoints.acquire({ subscription: name, partition: 0 }, 'me', 60_000)
  if (!taken.acquired) throw new Error('The lease is not free.')
  await store.checkpoints.advance(taken.lease, position as number, given)
}
