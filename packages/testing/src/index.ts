// Test what aggregates and process managers decide: what has happened, what is asked, what follows.
export { type Given, given } from './given/given.js'
export { type GivenProcess, givenProcess } from './given/given-process.js'
export type { OldEvent, PastEvent, PastOptions } from './given/past-event.js'
export type { Expected } from './given/expectations.js'
export type { ExpectedError, Then } from './given/then.js'
export type { ThenProcess } from './given/then-process.js'

// Test a whole application: wait for what follows, say what must and must not have happened.
export {
  assertReceived,
  type Matching,
  type ReceivedOptions,
  refuteReceived,
  waitForEvent,
} from './application/received.js'
export { type SettledOptions, settled } from './application/settled.js'
export { type TestApplication, type TestApplicationOptions, testApplication } from './application/test-application.js'

// Run it in memory or on PostgreSQL.
export {
  type MemoryTestStore,
  type PostgresTestStore,
  type StoreKind,
  type TestStore,
  type TestStoreOptions,
  testStore,
} from './store/test-store.js'

// Own time, ids and chance.
export { fixedIds } from './runtime/fixed-ids.js'
export { type TestRuntime, type TestRuntimeOptions, testRuntime } from './runtime/test-runtime.js'
export { type Moment, type VirtualClock, virtualClock } from './runtime/virtual-clock.js'

// What can go wrong.
export { ExpectationFailedError, TestStoreUnavailableError, TimeStandsStillError } from './errors.js'
