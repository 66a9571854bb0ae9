import { WritError } from '@writ/event-store'

/** An option of `postgresEventStore` is wrong. */
export class PostgresOptionError extends WritError<'invalid-postgres-option'> {
  constructor(
    readonly option: string,
    why: string,
  ) {
    super('invalid-postgres-option', `The option '${option}' of postgresEventStore ${why}.`)
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

/** PostgreSQL refused what the store asked for, and trying again would not help: a missing permission, a table that is gone. */
export class PostgresRefusedError extends WritError<'postgres-refused'> {
  constructor(
    readonly operation: string,
    readonly sqlState: string,
    cause: unknown,
  ) {
    super(
      'postgres-refused',
      `PostgreSQL refused to ${operation} (SQLSTATE ${sqlState}). Nothing was written; its own message is the cause of this error.`,
      { cause },
    )
  }
}

/** The `sql` of a transaction was used after the transaction had ended. Nothing was done. */
export class TransactionEndedError extends WritError<'transaction-ended'> {
  constructor() {
    super(
      'transaction-ended',
      'This transaction has ended, and its sql ran nothing. Await every statement before the effect returns.',
    )
  }
}

/** A statement of the `sql` template can't be made. Nothing was done. */
export class InvalidSqlError extends WritError<'invalid-sql'> {
  constructor(why: string) {
    super('invalid-sql', `The statement can't be made: ${why}.`)
  }
}
