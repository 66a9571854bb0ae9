// Test what an aggregate decides: what has happened, what is asked, what follows.
export { type Given, given } from './given/given.js'
export type { Expected, ExpectedError, Then } from './given/then.js'

// Own time, ids and chance.
export { fixedIds } from './runtime/fixed-ids.js'
export { type TestRuntime, type TestRuntimeOptions, testRuntime } from './runtime/test-runtime.js'
export { type Moment, type VirtualClock, virtualClock } from './runtime/virtual-clock.js'

// What can go wrong.
export { ExpectationFailedError, TestStoreUnavailableError, TimeStandsStillError } from './errors.js'
