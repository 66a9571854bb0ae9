import { thrownMessage, WritError } from '@writ/event-store'

/** An option of `postgresEventStore`, `migratePostgresEventStore` or `dropPostgresEventStore` is wrong. Nothing was done. */
export class PostgresOptionError extends WritError<'invalid-postgres-option'> {
  constructor(
    readonly option: string,
    why: string,
  ) {
    super('invalid-postgres-option', `The option '${option}' of the PostgreSQL event store ${why}.`)
  }
}

/** The server can't hold a store: it is too old, or its database has another encoding than UTF-8. */
export class UnsupportedServerError extends WritError<'unsupported-server'> {
  constructor(
    readonly found: string,
    readonly needed: string,
  ) {
    super(
      'unsupported-server',
      `The server has ${found}, and Writ needs ${needed}. Nothing was changed; use another server or database.`,
    )
  }
}

/** The schema was made by newer code than this. */
export class SchemaTooNewError extends WritError<'schema-too-new'> {
  constructor(
    readonly schema: string,
    readonly found: number,
    readonly known: number,
  ) {
    super(
      'schema-too-new',
      `The schema '${schema}' is at version ${found}, and this code knows versions up to ${known}. Nothing was changed; deploy the newer code.`,
    )
  }
}

/** The schema is missing, or was made by older code than this, and the store was told not to change it. */
export class SchemaTooOldError extends WritError<'schema-too-old'> {
  constructor(
    readonly schema: string,
    /** 0 where there is no store in it at all. */
    readonly found: number,
    readonly needed: number,
  ) {
    super(
      'schema-too-old',
      `The schema '${schema}' ${found === 0 ? 'holds no store' : `is at version ${found}`}, and this code needs version ${needed}. ` +
        `Nothing was changed; run migratePostgresEventStore({ schema: '${schema}', … }) as a role that may change it, ` +
        'or leave `migrate: false` out.',
    )
  }
}

/** Someone who holds a lock, as the server tells of them. */
export interface LockHolder {
  /** The server process, for `pg_terminate_backend`. */
  readonly pid: number
  /** `append lock`, `migrators' lock`, or `table events`. */
  readonly lock: string
}

/** A migration has waited for too long, for another migrator or for someone who reads or writes. The schema is as it was before it. */
export class MigrationBlockedError extends WritError<'migration-blocked'> {
  constructor(
    readonly schema: string,
    /** The version that could not be reached. */
    readonly version: number,
    /** Milliseconds. */
    readonly waited: number,
    readonly holders: readonly LockHolder[],
  ) {
    super(
      'migration-blocked',
      `The schema '${schema}' could not be brought to version ${version}: for ${Math.round(waited)} ms others held ${listed(holders)}. ` +
        'It is as it was before; end what holds the lock, and migrate again.',
    )
  }
}

/** A statement waited for a lock for longer than `lockTimeout`. Nothing was written. */
export class LockTimeoutError extends WritError<'lock-timeout'> {
  constructor(
    readonly schema: string,
    /** Milliseconds. */
    readonly lockTimeout: number,
    /** Who held it a moment later; empty where they had let go of it, or the server could not be asked. */
    readonly holders: readonly LockHolder[],
    cause: unknown,
  ) {
    super(
      'lock-timeout',
      `A lock of the store in schema '${schema}' was waited for longer than ${lockTimeout} ms; others held ${listed(holders)}. ` +
        'Nothing was written; end what holds the lock, or raise `lockTimeout`.',
      { cause },
    )
  }
}

const listed = (holders: readonly LockHolder[]) =>
  holders.length === 0 ? 'a lock that is free again' : holders.map(({ pid, lock }) => `the ${lock} (process ${pid})`).join(', ')

/** Between the store and the server stands a pooler that lends a server process for one transaction only. Nothing was changed. */
export class TransactionPoolerError extends WritError<'transaction-pooler'> {
  constructor(
    /** How it was noticed. */
    readonly symptom: string,
    cause?: unknown,
  ) {
    super(
      'transaction-pooler',
      `A pooler stands between the store and PostgreSQL (${symptom}). In transaction mode prepared statements and LISTEN break: ` +
        "set the option pooler: 'transaction'. In session mode let these settings pass, as PgBouncer's ignore_startup_parameters does.",
      { cause },
    )
  }
}

/** The schema holds what is not the store's, so that it can't be dropped. Nothing was dropped. */
export class SchemaNotEmptyError extends WritError<'schema-not-empty'> {
  constructor(
    readonly schema: string,
    /** Names of tables, views, sequences, types and functions that others made in it. */
    readonly foreign: readonly string[],
  ) {
    super(
      'schema-not-empty',
      `The schema '${schema}' holds more than the store: ${foreign.join(', ')}. Nothing was dropped; drop or move these first.`,
    )
  }
}

/** PostgreSQL refused what the store asked for, and trying again would not help: a missing permission, a table that is gone. */
export class PostgresRefusedError extends WritError<'postgres-refused'> {
  constructor(
    readonly operation: string,
    readonly sqlState: string,
    cause: unknown,
  ) {
    super(
      'postgres-refused',
      `PostgreSQL refused what the store needs to ${operation}${refusalBy(sqlState, cause)}. Nothing was written; ${remedyFor(sqlState)}.`,
      { cause },
    )
  }
}

// The server's message is repeated only where it holds nothing but names: of users, databases, tables. Others may quote what was to be stored.
function refusalBy(sqlState: string, cause: unknown): string {
  return /^(28|3D|3F|42)/.test(sqlState) ? `: ${thrownMessage(cause)} (SQLSTATE ${sqlState})` : ` (SQLSTATE ${sqlState})`
}

function remedyFor(sqlState: string): string {
  if (sqlState === '28P01') return 'correct the user or the password of the connection'
  if (sqlState.startsWith('28')) return 'correct the user of the connection, or let it in from here: by pg_hba.conf, or with SSL'
  if (sqlState === '3D000') return 'make the database, or correct its name'
  if (sqlState === '42501')
    return (
      "give its role that right: migratePostgresEventStore({ grantTo }) gives a service's role all that it needs, " +
      'and a role that makes the schema must be allowed to create in the database'
    )
  return 'its own message is the cause of this error'
}

/** A statement of the `sql` template can't be made. Nothing was done. */
export class InvalidSqlError extends WritError<'invalid-sql'> {
  constructor(why: string) {
    super('invalid-sql', `The statement can't be made: ${why}.`)
  }
}

/** A table of the user's is not one that rows can be kept in: it is not there, lacks something, or is another role's. Nothing was stored. */
export class UnsuitableTableError extends WritError<'unsuitable-table'> {
  constructor(
    readonly table: string,
    /** The column by which its rows are found. */
    readonly key: string,
    /** What to do, as the end of a sentence. */
    help: string,
    /** The driver's error: it names the column or the right that is missing. */
    cause: Error,
  ) {
    super(
      'unsuitable-table',
      `Rows can't be kept in the table '${table}' by '${key}': ${cause.message}. Nothing was stored; ${help}.`,
      {
        cause,
      },
    )
  }
}

/** A transaction is not one in which the store can append. */
export class UnsuitableTransactionError extends WritError<'unsuitable-transaction'> {
  constructor(
    readonly operation: string,
    /** Why, as the end of a sentence. */
    readonly why: string,
    cause?: unknown,
  ) {
    super(
      'unsuitable-transaction',
      `Writ can't ${operation}: ${why}. No event was written.`,
      cause === undefined ? {} : { cause },
    )
  }
}
