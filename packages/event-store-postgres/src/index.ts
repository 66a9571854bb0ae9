export {
  InvalidSqlError,
  PostgresOptionError,
  PostgresRefusedError,
  SchemaTooNewError,
  TransactionEndedError,
  UnsupportedServerError,
} from './errors.js'
export type { PostgresEventStoreOptions } from './options.js'
export { postgresEventStore } from './postgres-event-store.js'
export type { Sql, SqlIdentifier, SqlTransaction } from './sql.js'
