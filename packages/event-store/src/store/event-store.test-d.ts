import {
  type Append,
  type EventStore,
  type ExpectedVersion,
  hasCode,
  type RecordedEvent,
  type WrongExpectedVersionError,
} from '../index.js'

declare const store: EventStore<{ sql: string }>

// An append names its stream and its events, and expects one of four forms.
const append: Append = { stream: 'account-1', events: [] }
store.append({ ...append, expectedVersion: 3 })
store.append({ ...append, expectedVersion: 'no-stream' })
// @ts-expect-error no such form
store.append({ ...append, expectedVersion: 'no-streams' })
// @ts-expect-error text is no number
const expected: ExpectedVersion = '3'
// @ts-expect-error the stream is missing
store.append({ events: [] })

// An effect gets what its adapter has to give, and must be awaited.
declare const lease: Parameters<typeof store.checkpoints.advance>[0]
store.checkpoints.advanceWith(lease, 1, async ({ sql }) => void sql.length)
// @ts-expect-error this adapter gives no such thing
store.checkpoints.advanceWith(lease, 1, async ({ mongo }) => void mongo)
// @ts-expect-error an effect that is not awaited would run outside of the transaction
store.checkpoints.advanceWith(lease, 1, () => {})
store.checkpoints.reset('s', 0, async ({ sql }) => void sql.length)
store.projections.swap('p', { from: undefined, to: 1 }, async ({ sql }) => void sql.length)
// @ts-expect-error what is live must be said, be it nothing
store.projections.swap('p', { to: 1 })

// A read of projections gets the same, and which versions are live; what it returns comes back.
const length: number = await store.projections.read(async ({ sql, liveVersion }) => sql.length + ((await liveVersion('p')) ?? 0))
length.toFixed()

// Who denies a lease tells why, and who holds it only where somebody does.
const denied = await store.checkpoints.acquire({ subscription: 's', partition: 0 }, 'me', 1)
if (!denied.acquired && denied.why === 'held') denied.heldBy.length
// @ts-expect-error nobody holds what is paused
if (!denied.acquired && denied.why === 'paused') denied.heldBy.length

// Work gets what its adapter has to give, and `append`; what it returns comes back.
const { result, appended } = await store.transaction(async ({ sql, append: add }) => {
  add(append)
  return sql.length
})
result.toFixed()
appended[0]?.version.toFixed()
// @ts-expect-error this adapter gives no such thing
store.transaction(async ({ mongo }) => void mongo)
// @ts-expect-error work that is not awaited would run outside of the transaction
store.transaction(() => {})

// Where no transaction is asked for, any adapter will do.
const any: EventStore = store
any.head()

// A code narrows an error to its facts.
declare const error: unknown
if (hasCode<WrongExpectedVersionError>(error, 'wrong-expected-version')) error.actualVersion.toFixed()
// @ts-expect-error the code of another error
hasCode<WrongExpectedVersionError>(error, 'lease-lost')

// An acquisition tells whether it has a lease.
const acquisition = await store.checkpoints.acquire({ subscription: 's', partition: 0 }, 'me', 1)
if (acquisition.acquired) acquisition.lease.epoch.toFixed()
// @ts-expect-error it may have been denied
acquisition.lease

// What was recorded does not change.
declare const recorded: RecordedEvent
// @ts-expect-error its version is read-only
recorded.version = 1

export { expected }
