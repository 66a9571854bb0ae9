// Test what aggregates and process managers decide: what has happened, what is asked, what follows.
export { type Given, given } from './given/given.js'
export { type GivenProcess, givenProcess } from './given/given-process.js'
export type { Expected } from './given/expectations.js'
export type { ExpectedError, Then } from './given/then.js'
export type { ThenProcess } from './given/then-process.js'

// Own time, ids and chance.
export { fixedIds } from './runtime/fixed-ids.js'
export { type TestRuntime, type TestRuntimeOptions, testRuntime } from './runtime/test-runtime.js'
export { type Moment, type VirtualClock, virtualClock } from './runtime/virtual-clock.js'

// What can go wrong.
export { ExpectationFailedError, TestStoreUnavailableError, TimeStandsStillError } from './errors.js'
