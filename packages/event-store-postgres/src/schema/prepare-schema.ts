import type pg from 'pg'
import type { Connections } from '../connections.js'
import { TransactionPoolerError } from '../errors.js'
import type { CheckedOptions } from '../options.js'
import { failureOf } from '../postgres-failure.js'
import { checkServer, refuseTransactionPooler } from './check-server.js'
import { checkVersion } from './installed-version.js'
import { migrate } from './migrate.js'

/**
 * What a store makes sure of before it starts.
 *
 * @throws UnsupportedServerError, TransactionPoolerError, SchemaTooNewError, SchemaTooOldError, MigrationBlockedError,
 *   StoreUnavailableError
 */
export async function prepareSchema(connections: Connections, options: CheckedOptions): Promise<void> {
  const look = async (client: pg.ClientBase) => {
    await checkServer(client)
    if (!options.pooler) await refuseTransactionPooler(client, connections)
    if (!options.migrate) await checkVersion(client, options.schema)
  }
  try {
    await connections.using('start', look, { writes: false })
    if (options.migrate) await migrate(connections, options)
  } catch (error) {
    throw options.pooler ? error : (poolerBehind(error) ?? error)
  }
}

// A pooler refuses settings that a session begins with (08P01), or its server processes know statements that their sessions did not
// prepare (42P05), and don't know those that they did (26000).
const symptoms: Readonly<Record<string, string>> = {
  '08P01': 'it refuses statement_timeout, lock_timeout or idle_in_transaction_session_timeout for a session',
  '42P05': 'a session has statements that it did not prepare',
  '26000': 'a session has lost statements that it prepared',
}

function poolerBehind(error: unknown): TransactionPoolerError | undefined {
  const cause = (error as Error).cause ?? error
  const symptom = symptoms[failureOf(cause).sqlState]
  return symptom === undefined ? undefined : new TransactionPoolerError(symptom, cause)
}
