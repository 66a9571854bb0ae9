import { appendFunctions } from './append-functions.js'
import { queryFunctions } from './query-functions.js'
import { readFunctions } from './read-functions.js'
import type { SchemaName } from './schema-name.js'
import { searchFunctions } from './search-functions.js'
import { staging } from './staging.js'
import { streamFunctions } from './stream-functions.js'
import { subscriptionFunctions } from './subscription-functions.js'
import { subscriptionTables } from './subscription-tables.js'
import { tables } from './tables.js'

/**
 * One step of the schema; it runs once, in a transaction, after those before it. What was released is never changed.
 *
 * Code of the version before runs on while it is applied, and after: a step adds, and takes away only what that code does not use.
 */
export interface Migration {
  /** Its place in the list, from 1. */
  readonly version: number
  readonly name: string
  readonly sql: (schema: SchemaName) => string
}

export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'the store',
    sql: (schema) =>
      [
        tables,
        subscriptionTables,
        queryFunctions,
        appendFunctions,
        readFunctions,
        searchFunctions,
        streamFunctions,
        staging,
        subscriptionFunctions,
      ]
        .map((part) => part(schema))
        .join('\n'),
  },
]

export const NEWEST_VERSION = migrations.at(-1)!.version
