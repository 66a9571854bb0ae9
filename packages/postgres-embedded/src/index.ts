export {
  PostgresEmbeddedError,
  type PostgresEmbeddedErrorCode,
  type PostgresEmbeddedErrorFacts,
} from './postgres-embedded-error.js'
export type { PostgresOptions, TemporaryPostgresOptions } from './postgres-options.js'
export type { PostgresExit } from './server-process.js'
export { type PostgresServer, startPostgres } from './start-postgres.js'
export { startTemporaryPostgres } from './temporary-postgres.js'
