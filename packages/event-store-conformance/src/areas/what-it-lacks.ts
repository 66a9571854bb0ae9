import { newLink } from '@writ/event-store'
import type { Area, World } from '../area.js'
import type { Capability, Unsupported } from '../capability.js'
import { rejectsWith } from '../rejects-with.js'
import { allOf, logEvents, sample } from '../sample-events.js'

const query = { items: [{ types: ['money-deposited'] }] }
const [missing, LONG] = ['capability-missing', 60_000] as const

/** What must be refused by an adapter that lacks a capability: whoever asks for a condition must not get an append without one. */
const refusals: Readonly<Partial<Record<Capability, (world: World, stream: string) => Promise<unknown>>>> = {
  async conditions({ store }, stream) {
    const condition = { failIfMatch: query, after: 0 }
    await rejectsWith(missing, () => store.append({ stream, events: [sample()], condition }))
  },
  async queries({ store }) {
    for (const options of [{ query }, { stream: 'account-1' }, { category: 'account' }, { correlationId: 'request' }]) {
      await rejectsWith(missing, () => allOf(store.readAll(options)))
    }
  },
  async 'backwards reads'({ store }, stream) {
    await rejectsWith(missing, () => allOf(store.readStream(stream, { direction: 'backwards' })))
    await rejectsWith(missing, () => allOf(store.readAll({ direction: 'backwards' })))
  },
  async links({ store, unique }, stream) {
    const target = { position: 1, id: sample().id }
    await rejectsWith(missing, () => store.append({ stream, events: [newLink(target, sample().id)] }))
    await rejectsWith(missing, () =>
      store.append({ stream: unique('account'), events: [sample(), newLink(target, sample().id)] }),
    )
  },
  async deletes({ store }, stream) {
    await rejectsWith(missing, () => store.streams.delete(stream, { expectedVersion: 'any' }))
  },
  async truncation({ store }, stream) {
    await rejectsWith(missing, () => store.streams.truncate(stream, { before: 1 }))
  },
  async receipts({ store, unique }, stream) {
    const receipts = [{ commandId: unique('command'), eventsUpTo: 1, body: '{}' }]
    await rejectsWith(missing, () => store.append({ stream, events: [sample()], receipts }))
    await rejectsWith(missing, () => store.receipts.find(unique('command')))
  },
  async snapshots({ store }, stream) {
    await rejectsWith(missing, () => store.snapshots.load(stream, 1))
    await rejectsWith(missing, () => store.snapshots.save({ stream, version: 1, position: 1, schemaVersion: 1, state: '{}' }))
  },
  async checkpoints({ store, unique }) {
    const name = unique('subscription')
    await rejectsWith(missing, () => store.checkpoints.register({ name, startAfter: 0 }))
    await rejectsWith(missing, () => store.checkpoints.acquire({ subscription: name, partition: 0 }, 'me', LONG))
    await rejectsWith(missing, () => store.checkpoints.list())
    await rejectsWith(missing, () => store.parked.list(name))
  },
  async 'projection versions'({ store, unique }) {
    const name = unique('projection')
    await rejectsWith(missing, () => store.projections.live(name))
    await rejectsWith(missing, () => store.projections.swap(name, { from: undefined, to: 1 }))
    await rejectsWith(missing, () => store.projections.read(async () => {}))
  },
  async 'several streams'({ store, unique }, stream) {
    const appends = [stream, unique('account')].map((one) => ({ stream: one, events: [sample()] }))
    await rejectsWith(missing, () => store.appendAll(appends))
  },
  async transactions({ store }) {
    await rejectsWith(missing, () => store.transaction(async () => {}))
  },
  async 'joined transactions'({ store }) {
    expect(store.within).toBeUndefined()
  },
  async rows({ store, unique }) {
    const table = { name: 'accounts', key: 'account' }
    await rejectsWith(missing, () => store.transaction(({ rows }) => rows(table).find(unique('account'))))
  },
}

/** An adapter says what it lacks, instead of doing less than it is asked. */
export const whatItLacks =
  (unsupported: readonly Unsupported[]): Area =>
  (scenario) => {
    for (const { capability } of unsupported) {
      const refusal = refusals[capability]
      if (refusal) {
        scenario(`refuses what it has not: ${capability}`, async (world) => {
          const stream = world.unique('account')
          await refusal(world, stream)
          expect(await logEvents(world.store, { after: world.start })).toEqual([])
          await expect(world.store.append({ stream, events: [sample()] })).resolves.toMatchObject({ version: 1 })
        })
      }
    }
  }
