import { type Logger, nearestName, type Runtime, silentLogger, systemRuntime } from '@writ/event-store'
import pg from 'pg'
import { PostgresOptionError } from './errors.js'
import { type SchemaName, schemaName } from './schema/schema-name.js'

export interface PostgresEventStoreOptions {
  /** Where the server is: `postgres://user@host:5432/database`. Either this or `pool` is given. */
  readonly connectionString?: string
  /**
   * A pool of your own, which the store shares and never ends; any size from 1 will do, for no connection is held while another is
   * waited for. All stores on one pool open one connection beside it, with the pool's settings, to listen for other processes' appends.
   */
  readonly pool?: pg.Pool
  /** The PostgreSQL schema that holds the store: `'writ'` by default. */
  readonly schema?: string
  /**
   * Whether the start makes the schema, or brings it to this code's version: true by default. With false the store never changes it and
   * its role needs no right to: `migratePostgresEventStore` does it beforehand, and a start on another version is refused.
   */
  readonly migrate?: boolean
  /** How many connections reads and checkpoints may use; 10 by default. Appends have two of their own. Not beside `pool`. */
  readonly poolSize?: number
  /**
   * Milliseconds after which a connection that nobody uses is closed, 0 for never. By default 10,000 for those of reads and checkpoints,
   * and never for the two of appends. Not beside `pool`.
   */
  readonly idleTimeout?: number
  /**
   * `'transaction'` where a pooler stands between that lends a server process for one transaction only, such as PgBouncer with
   * `pool_mode = transaction`. The store then prepares no statement, listens to nothing and keeps no state in a session; it asks the
   * server for new events instead, every 20 to 250 ms while somebody wants to know.
   */
  readonly pooler?: 'transaction'
  /** How many appends may wait before further ones are refused as `overloaded`; 10,000 by default. */
  readonly maxWaitingAppends?: number
  /**
   * Milliseconds after which a statement, or waiting for a connection, is given up and its connection closed; 30,000 by default.
   * It also bounds an effect of `advanceWith` that hangs between two statements.
   */
  readonly statementTimeout?: number
  /**
   * Milliseconds for which an append, a checkpoint or a migration waits for a lock that someone else holds, before it lets others by and
   * tries again; 5,000 by default, and less than `statementTimeout`.
   */
  readonly lockTimeout?: number
  /** Milliseconds for which appends that can't reach the server are tried again before they fail; 5,000 by default. */
  readonly retryFor?: number
  /**
   * Whether events may be taken out, by `streams.delete` and `streams.truncate` with `hard`; false by default. The database's role must
   * then be allowed to delete from the tables of events, tags and snapshots.
   */
  readonly allowHardDelete?: boolean
  readonly logger?: Logger
  readonly runtime?: Runtime
}

export interface CheckedOptions {
  readonly schema: SchemaName
  readonly source:
    | { readonly pool: pg.Pool }
    | { readonly connectionString: string; readonly poolSize: number; readonly idleTimeout: number | undefined }
  readonly migrate: boolean
  readonly pooler: 'transaction' | undefined
  readonly maxWaitingAppends: number
  readonly statementTimeout: number
  readonly lockTimeout: number
  readonly retryFor: number
  readonly allowHardDelete: boolean
  readonly logger: Logger
  readonly runtime: Runtime
}

const known = [
  'connectionString',
  'pool',
  'schema',
  'migrate',
  'poolSize',
  'idleTimeout',
  'pooler',
  'maxWaitingAppends',
  'statementTimeout',
  'lockTimeout',
  'retryFor',
  'allowHardDelete',
  'logger',
  'runtime',
]

/** @throws PostgresOptionError for a text, null and whatever else is no object with options */
export function refuseNoOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new PostgresOptionError('options', 'must be an object, such as { connectionString }')
}

/** @throws PostgresOptionError; it never repeats a connection string, for that may hold a password */
export function checkOptions(options: PostgresEventStoreOptions): CheckedOptions {
  refuseNoOptions(options)
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue
    const nearest = nearestName(option, known)
    throw new PostgresOptionError(
      option,
      `is unknown${nearest ? `; the nearest is '${nearest}'` : ''}. Known are ${known.join(', ')}`,
    )
  }
  const {
    schema = 'writ',
    migrate = true,
    pooler,
    maxWaitingAppends = 10_000,
    statementTimeout = 30_000,
    retryFor = 5_000,
    allowHardDelete = false,
  } = options
  if (typeof migrate !== 'boolean') throw new PostgresOptionError('migrate', 'must be true or false')
  if (pooler !== undefined && pooler !== 'transaction')
    throw new PostgresOptionError('pooler', "must be 'transaction', or be left out")
  checkInteger('maxWaitingAppends', maxWaitingAppends, 1, 1_000_000)
  checkInteger('statementTimeout', statementTimeout, 100, 3_600_000)
  // A statement that is cut off may have been done, one that gives up its wait for a lock was not: the latter shall come first.
  const lockTimeout = options.lockTimeout ?? Math.min(5_000, Math.floor(statementTimeout / 2))
  checkInteger('lockTimeout', lockTimeout, 10, statementTimeout - 1)
  checkInteger('retryFor', retryFor, 0, 3_600_000)
  if (typeof allowHardDelete !== 'boolean') throw new PostgresOptionError('allowHardDelete', 'must be true or false')
  return {
    schema: schemaName(schema),
    source: sourceOf(options),
    migrate,
    pooler,
    maxWaitingAppends,
    statementTimeout,
    lockTimeout,
    retryFor,
    allowHardDelete,
    logger: options.logger ?? silentLogger,
    runtime: options.runtime ?? systemRuntime,
  }
}

function sourceOf({ connectionString, pool, poolSize, idleTimeout }: PostgresEventStoreOptions): CheckedOptions['source'] {
  if (connectionString !== undefined && pool !== undefined)
    throw new PostgresOptionError('connectionString', 'does not go with `pool`: give one of them')
  if (connectionString === undefined && pool === undefined)
    throw new PostgresOptionError(
      'connectionString',
      'is missing, and so is `pool`: give one of them; where it comes from the environment, the variable is not set',
    )
  if (pool !== undefined) {
    if (typeof pool?.connect !== 'function') throw new PostgresOptionError('pool', 'must be a pg.Pool')
    if (poolSize !== undefined) throw new PostgresOptionError('poolSize', 'does not go with `pool`, which has a size already')
    if (idleTimeout !== undefined)
      throw new PostgresOptionError('idleTimeout', "does not go with `pool`: it is the pool's own matter")
    return { pool }
  }
  if (idleTimeout !== undefined) checkInteger('idleTimeout', idleTimeout, 0, 86_400_000)
  checkInteger('poolSize', poolSize ?? 10, 1, 1_000)
  checkConnectionString(connectionString)
  return { connectionString, poolSize: poolSize ?? 10, idleTimeout }
}

function checkConnectionString(text: unknown): asserts text is string {
  const refused = new PostgresOptionError(
    'connectionString',
    'is no PostgreSQL URL: it must look like postgres://user@host:5432/database',
  )
  if (typeof text !== 'string' || !/^postgres(ql)?:\/\/./.test(text)) throw refused
  try {
    // It parses the text and does not connect; what it throws may repeat the text, and is dropped.
    new pg.Client({ connectionString: text })
  } catch {
    throw refused
  }
}

function checkInteger(option: string, value: unknown, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
    throw new PostgresOptionError(option, `must be an integer from ${least} to ${most}`)
  }
}
