import type { Logger, Runtime } from '@writ/event-store'
import type pg from 'pg'
import type { Connections } from '../connections.js'
import { MigrationBlockedError } from '../errors.js'
import { failureOf, LOCK_NOT_AVAILABLE } from '../postgres-failure.js'
import { installedVersion } from './installed-version.js'
import { lockHolders } from './lock-holders.js'
import { type Migration, migrations as released } from './migrations.js'
import { migratorsKey, takeMigratorsLock } from './migrators-lock.js'
import type { SchemaName } from './schema-name.js'

const DEADLOCK = '40P01'
/** Whoever comes after a migration that waits for a table waits behind it: so it waits shortly, and often. */
const LONGEST_WAIT_FOR_TABLES = 1_000

export interface MigrationOptions {
  readonly schema: SchemaName
  /** Milliseconds. */
  readonly lockTimeout: number
  readonly runtime: Runtime
  readonly logger: Logger
}

export interface MigrationPlan {
  readonly migrations: readonly Migration[]
  /** Milliseconds for which one migration tries to get its locks. */
  readonly patience: number
}

/** Which version a schema had, and has now; 0 is none. */
export interface Migrated {
  readonly from: number
  readonly to: number
}

interface Try {
  /** The version that is installed now; undefined where that could not be asked. */
  readonly installed: number | undefined
  /** What was held for too long, so that nothing was done. */
  readonly waitingFor?: 'migrator' | 'tables'
}

/**
 * Brings a schema to the plan's last version: each migration in a transaction of its own, so that one that is cut off leaves the version
 * before it whole. One migrator at a time; the others wait and find it done.
 *
 * A schema that is there already needs no right to create any: who migrates and who runs may be two roles.
 *
 * @throws SchemaTooNewError, MigrationBlockedError
 */
export async function migrate(
  connections: Connections,
  options: MigrationOptions,
  { migrations, patience }: MigrationPlan = { migrations: released, patience: 600_000 },
): Promise<Migrated> {
  const { schema, runtime, logger, lockTimeout } = options
  const newest = migrations.length
  const reads = { writes: false }
  const from = await connections.using('read the version', (client) => installedVersion(client, schema, newest), reads)
  const waitForTables = Math.min(lockTimeout, LONGEST_WAIT_FOR_TABLES)
  let installed = from
  let since = runtime.monotonic()
  while (installed < newest) {
    const attempt = (client: pg.ClientBase) => tryNext(client, options, migrations, waitForTables)
    const outcome = await connections.using('migrate the schema', attempt, { writes: true })
    if (!outcome.waitingFor) since = runtime.monotonic()
    installed = outcome.installed ?? installed
    if (!outcome.waitingFor) continue
    const { version, name } = migrations[installed]!
    const holders = await connections.using('ask for locks', (client) => lockHolders(client, schema, 'migration'), reads)
    const waited = runtime.monotonic() - since
    if (waited > patience) throw new MigrationBlockedError(schema.name, version, waited, holders)
    const isTables = outcome.waitingFor === 'tables'
    const facts = { schema: schema.name, migration: `${version} of ${newest}`, name, holders, milliseconds: Math.round(waited) }
    logger.info(facts, isTables ? 'Waiting for tables that are in use' : 'Waiting for another migrator')
    // Those who queued up behind it at a table go first; behind another migrator nobody queues.
    if (isTables) await runtime.sleep(waitForTables * (2 + 2 * runtime.random()))
  }
  return { from, to: newest }
}

/** Tries the first migration that is not installed yet. */
async function tryNext(
  client: pg.ClientBase,
  { schema, lockTimeout, runtime, logger }: MigrationOptions,
  migrations: readonly Migration[],
  waitForTables: number,
): Promise<Try> {
  const { name: inSchema, quoted } = schema
  let installed: number | undefined
  await client.query(
    `begin isolation level read committed; set local statement_timeout = 0; set local lock_timeout = ${lockTimeout}`,
  )
  try {
    await client.query(takeMigratorsLock, [migratorsKey(schema)])
    installed = await installedVersion(client, schema, migrations.length)
    const next = migrations[installed]
    if (next) {
      const facts = { schema: inSchema, migration: `${next.version} of ${migrations.length}`, name: next.name }
      const begin = runtime.monotonic()
      logger.info(facts, 'Migrating the schema')
      await client.query(`set local lock_timeout = ${waitForTables}`)
      if (installed === 0) await createSchema(client, schema)
      await client.query(next.sql(schema))
      await client.query(`insert into ${quoted}.schema_versions (version, name) values ($1, $2)`, [next.version, next.name])
      logger.info({ ...facts, milliseconds: Math.round(runtime.monotonic() - begin) }, 'Migrated the schema')
    }
    await client.query('commit')
    return { installed: installed + (next ? 1 : 0) }
  } catch (error) {
    const { sqlState } = failureOf(error)
    const isRolledBack = await client.query('rollback').then(
      () => true,
      () => false,
    )
    if (!isRolledBack || (sqlState !== LOCK_NOT_AVAILABLE && sqlState !== DEADLOCK)) throw error
    return { installed, waitingFor: installed === undefined ? 'migrator' : 'tables' }
  }
}

async function createSchema(client: pg.ClientBase, { name, quoted }: SchemaName): Promise<void> {
  const { rows } = await client.query('select from pg_catalog.pg_namespace where nspname = $1', [name])
  if (rows.length === 0) await client.query(`create schema ${quoted}`)
  await client.query(
    `create table if not exists ${quoted}.schema_versions (
      version integer primary key, name text not null, installed_at timestamptz not null default clock_timestamp())`,
  )
}
