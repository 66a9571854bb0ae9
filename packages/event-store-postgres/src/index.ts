export {
  InvalidSqlError,
  type LockHolder,
  LockTimeoutError,
  MigrationBlockedError,
  PostgresOptionError,
  PostgresRefusedError,
  SchemaNotEmptyError,
  SchemaTooNewError,
  SchemaTooOldError,
  TransactionPoolerError,
  UnsuitableTableError,
  UnsuitableTransactionError,
  UnsupportedServerError,
} from './errors.js'
export {
  type DropOptions,
  dropPostgresEventStore,
  type MigrateOptions,
  migratePostgresEventStore,
  type RenewOptions,
  renewIncarnation,
} from './manage-schema.js'
export type { PostgresEventStoreOptions } from './options.js'
export { type PostgresEventStore, postgresEventStore } from './postgres-event-store.js'
export type { Migrated } from './schema/migrate.js'
export type { Sql, SqlIdentifier, SqlTransaction } from './sql.js'
export { refusalOfCommit } from './transactions/refusal-of-commit.js'
