export { type SlowDisk, slowDisk, whyNoSlowDisk } from './slow-disk.js'
export { type TestDatabase, testDatabase } from './test-database.js'
