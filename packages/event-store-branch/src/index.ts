export { type BranchEventStore, type BranchEventStoreOptions, branchEventStore } from './branch-event-store.js'
