import type { Logger } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { AccountBalanceProjection } from '../account/account-balance.projection.js'
import { AccountBalances } from '../account/account-balances.js'
import { PostgresAccountBalances } from '../account/postgres-account-balances.js'
import { credentialsTable, PostgresCredentials } from '../credentials/postgres-credentials.js'
import { mailAddressesTable, PostgresMailAddresses } from '../mail/postgres-mail-addresses.js'
import { mailboxTable, PostgresMailbox } from '../mail/postgres-mailbox.js'
import { AccountActivity } from '../report/account-activity.js'
import { AccountActivityProjection } from '../report/account-activity.projection.js'
import { PostgresAccountActivity } from '../report/postgres-account-activity.js'
import { PostgresTransactions } from '../report/postgres-transactions.js'
import { Transactions } from '../report/transactions.js'
import { TransactionProjection } from '../report/transactions.projection.js'
import { StartError } from '../start-error.js'
import { Database } from './database.js'
import { keptKeys, keysTable } from './keys.js'
import type { Storage } from './storage.js'

export interface PostgresStorageOptions {
  readonly connectionString: string
  readonly logger: Logger
}

/** Everything in one PostgreSQL database: Writ's events in its schema, the bank's tables in the schema `bank`. */
export async function openPostgresStorage({ connectionString, logger }: PostgresStorageOptions): Promise<Storage> {
  const pool = new pg.Pool({
    connectionString,
    max: 8,
    application_name: 'example-bank',
    connectionTimeoutMillis: 5_000,
    // The server gives up first; the driver's own limit is for a server that no longer answers.
    statement_timeout: 10_000,
    query_timeout: 12_000,
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
  })
  // An idle connection that breaks is replaced; without a listener it would end the process.
  pool.on('error', (error) => {
    if (!pool.ending) logger.warn({ error }, 'a connection to the database broke')
  })
  try {
    const database = new Database(pool)
    await database.prepare([keysTable, credentialsTable, mailAddressesTable, mailboxTable])
    return {
      description: describe(connectionString),
      store: postgresEventStore({ connectionString }),
      credentials: new PostgresCredentials(database),
      mailbox: new PostgresMailbox(database),
      mailAddresses: new PostgresMailAddresses(database),
      projections: [AccountBalanceProjection, TransactionProjection, AccountActivityProjection],
      keys: await keptKeys(database),
      bindReadModels(container) {
        container.bind(AccountBalances).to(PostgresAccountBalances)
        container.bind(Transactions).to(PostgresTransactions)
        container.bind(AccountActivity).to(PostgresAccountActivity)
      },
      close: () => pool.end(),
    }
  } catch (error) {
    await pool.end()
    throw whyNot(error, connectionString)
  }
}

function whyNot(error: unknown, connectionString: string): Error {
  const reason = error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code : String(error)
  return new StartError(
    `The database can't be used: ${reason} (${describe(connectionString)}). Correct DATABASE_URL, or start the server.`,
  )
}

/** Host and database; never the password. */
function describe(connectionString: string): string {
  const { hostname, port, pathname } = new URL(connectionString)
  return `PostgreSQL at ${hostname}${port && `:${port}`}${pathname}`
}
