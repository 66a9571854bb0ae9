import type pg from 'pg'
import { Connections } from './connections.js'
import { PostgresOptionError } from './errors.js'
import { type CheckedOptions, checkOptions, type PostgresEventStoreOptions, refuseNoOptions } from './options.js'
import { checkServer } from './schema/check-server.js'
import { dropSchema } from './schema/drop-schema.js'
import { grantRights } from './schema/grants.js'
import { type Migrated, migrate } from './schema/migrate.js'

type Common = 'connectionString' | 'pool' | 'schema' | 'pooler' | 'lockTimeout' | 'logger' | 'runtime'

export interface MigrateOptions extends Pick<PostgresEventStoreOptions, Common> {
  /**
   * The role that stores run as: it gets exactly the rights that running needs, in this schema, and loses all others there. The role that
   * migrates must be another one.
   */
  readonly grantTo?: string
}

export interface DropOptions extends Pick<PostgresEventStoreOptions, Common> {
  /** The schema's name once more: all its events are lost. */
  readonly confirm: string
}

/**
 * Makes the schema of a store, or brings it to this code's version, while stores run on it: for a deployment's own step, by a role that may
 * do so. Stores with `migrate: false` then need no such right.
 *
 * It waits behind whoever uses a table for no longer than a second at a time, and tells the logger what it does and whom it waits for.
 *
 * @throws PostgresOptionError, UnsupportedServerError, SchemaTooNewError, MigrationBlockedError, PostgresRefusedError,
 *   StoreUnavailableError
 */
export async function migratePostgresEventStore(options: MigrateOptions): Promise<Migrated> {
  refuseNoOptions(options)
  const { grantTo, ...others } = options
  if (grantTo !== undefined && (typeof grantTo !== 'string' || grantTo === '' || grantTo.includes('\u0000'))) {
    throw new PostgresOptionError('grantTo', 'must be the name of a role')
  }
  const checked = checkOptions(others)
  return withConnections(checked, async (connections) => {
    await connections.using('start', checkServer, { writes: false })
    const migrated = await migrate(connections, checked)
    if (grantTo !== undefined) {
      await connections.using('grant rights', (client) => grantRights(client, checked.schema, grantTo), { writes: true })
    }
    return migrated
  })
}

/**
 * Drops a store: its tables, its functions and its schema, and all events with them. What others made in that schema, or on its tables,
 * is never dropped: then nothing is.
 *
 * @returns whether there was a store
 * @throws PostgresOptionError unless `confirm` repeats the schema's name
 * @throws SchemaNotEmptyError, SchemaTooNewError, PostgresRefusedError, StoreUnavailableError
 */
export async function dropPostgresEventStore(options: DropOptions): Promise<boolean> {
  refuseNoOptions(options)
  const { confirm, ...others } = options
  const checked = checkOptions(others)
  const { schema, lockTimeout } = checked
  if (confirm !== schema.name) {
    throw new PostgresOptionError('confirm', `must be the schema's name, '${schema.name}': all its events would be lost`)
  }
  return withConnections(checked, (connections) =>
    connections.using('drop the store', (client) => dropSchema(client, schema, lockTimeout), { writes: true }),
  )
}

export type RenewOptions = Pick<PostgresEventStoreOptions, Common>

/**
 * Gives a store that was restored from a backup a new incarnation. Processes that knew it before notice, also where nothing that they
 * knew is missing, and whoever kept a position with the incarnation sees that it means nothing any more.
 *
 * To be run after a restore, before the first store is started on it.
 *
 * @returns the new incarnation
 * @throws PostgresOptionError, PostgresRefusedError, StoreUnavailableError
 */
export async function renewIncarnation(options: RenewOptions): Promise<string> {
  const checked = checkOptions(options)
  const text = `update ${checked.schema.quoted}.store set incarnation = gen_random_uuid() returning incarnation`
  return withConnections(checked, async (connections) => {
    const renew = (client: pg.ClientBase) => connections.runUnprepared(client, text, [])
    const [row] = await connections.using('renew the incarnation', renew, { writes: true })
    return row![0]!
  })
}

async function withConnections<T>(options: CheckedOptions, work: (connections: Connections) => Promise<T>): Promise<T> {
  const connections = new Connections(options)
  try {
    return await work(connections)
  } finally {
    await connections.stop()
  }
}
