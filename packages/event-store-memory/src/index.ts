export { InMemoryLog, type InMemoryLogOptions } from './in-memory-log.js'
export { type InMemoryEventStoreOptions, inMemoryEventStore } from './in-memory-event-store.js'
export { InMemoryStoreRefusedError } from './in-memory-store-refused-error.js'
export { InMemoryTransaction } from './in-memory-transaction.js'
