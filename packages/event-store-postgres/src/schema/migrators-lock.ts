import { LOCK_SPACE } from './append-functions.js'
import type { SchemaName } from './schema-name.js'

/** What is hashed to the second half of the lock's key. */
export const migratorsKey = ({ name }: SchemaName) => `migrate ${name}`

/** One at a time makes, changes or drops a schema; it is held to the end of the transaction. Its parameter is `migratorsKey`. */
export const takeMigratorsLock = `select pg_catalog.pg_advisory_xact_lock(${LOCK_SPACE}, pg_catalog.hashtext($1))`
