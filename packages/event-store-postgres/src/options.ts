import { type Logger, type Runtime, silentLogger, systemRuntime } from '@writ/event-store'
import pg from 'pg'
import { PostgresOptionError } from './errors.js'
import { type SchemaName, schemaName } from './schema/schema-name.js'

export interface PostgresEventStoreOptions {
  /** Where the server is: `postgres://user@host:5432/database`. Either this or `pool` is given. */
  readonly connectionString?: string
  /**
   * A pool of your own, which the store shares and never ends; any size from 1 will do, for no connection is held while another is
   * waited for. The store opens one connection beside it, with the pool's settings, to listen for appends of other processes.
   */
  readonly pool?: pg.Pool
  /** The PostgreSQL schema that holds the store: `'writ'` by default. It is made at start where it is missing. */
  readonly schema?: string
  /** How many connections reads and checkpoints may use; 10 by default. Appends have two of their own. Not beside `pool`. */
  readonly poolSize?: number
  /** How many appends may wait before further ones are refused as `overloaded`; 10,000 by default. */
  readonly maxWaitingAppends?: number
  /**
   * Milliseconds after which a statement, or waiting for a connection, is given up and its connection closed; 30,000 by default.
   * It also bounds an effect of `advanceWith` that hangs between two statements.
   */
  readonly statementTimeout?: number
  /** Milliseconds for which appends that can't reach the server are tried again before they fail; 5,000 by default. */
  readonly retryFor?: number
  readonly logger?: Logger
  readonly runtime?: Runtime
}

export interface CheckedOptions {
  readonly schema: SchemaName
  readonly source: { readonly pool: pg.Pool } | { readonly connectionString: string; readonly poolSize: number }
  readonly maxWaitingAppends: number
  readonly statementTimeout: number
  readonly retryFor: number
  readonly logger: Logger
  readonly runtime: Runtime
}

const known = [
  'connectionString',
  'pool',
  'schema',
  'poolSize',
  'maxWaitingAppends',
  'statementTimeout',
  'retryFor',
  'logger',
  'runtime',
]

/** @throws PostgresOptionError; it never repeats a connection string, for that may hold a password */
export function checkOptions(options: PostgresEventStoreOptions): CheckedOptions {
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) throw new PostgresOptionError(option, `is none; the options are ${known.join(', ')}`)
  }
  const { schema = 'writ', maxWaitingAppends = 10_000, statementTimeout = 30_000, retryFor = 5_000 } = options
  checkInteger('maxWaitingAppends', maxWaitingAppends, 1, 1_000_000)
  checkInteger('statementTimeout', statementTimeout, 100, 3_600_000)
  checkInteger('retryFor', retryFor, 0, 3_600_000)
  return {
    schema: schemaName(schema),
    source: sourceOf(options),
    maxWaitingAppends,
    statementTimeout,
    retryFor,
    logger: options.logger ?? silentLogger,
    runtime: options.runtime ?? systemRuntime,
  }
}

function sourceOf({ connectionString, pool, poolSize }: PostgresEventStoreOptions): CheckedOptions['source'] {
  if ((connectionString === undefined) === (pool === undefined)) {
    throw new PostgresOptionError('connectionString', 'or `pool` must be given, and not both')
  }
  if (pool !== undefined) {
    if (typeof pool?.connect !== 'function') throw new PostgresOptionError('pool', 'must be a pg.Pool')
    if (poolSize !== undefined) throw new PostgresOptionError('poolSize', 'does not go with `pool`, which has a size already')
    return { pool }
  }
  checkInteger('poolSize', poolSize ?? 10, 1, 1_000)
  checkConnectionString(connectionString)
  return { connectionString, poolSize: poolSize ?? 10 }
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
