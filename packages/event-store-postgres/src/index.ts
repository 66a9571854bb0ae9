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
  TransactionEndedError,
  TransactionPoolerError,
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
export { postgresEventStore } from './postgres-event-store.js'
export type { Migrated } from './schema/migrate.js'
export type { Sql, SqlIdentifier, SqlTransaction } from './sql.js'
