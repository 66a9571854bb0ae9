export type { Capability, Unsupported } from './capability.js'
export { describeEventStore, type EventStoreUnderTest } from './describe-event-store.js'
export type { Opened } from './area.js'
