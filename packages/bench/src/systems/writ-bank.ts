import { Application, type Module, module } from '@writ/application'
import { postgresEventStore } from '@writ/event-store-postgres'
import type pg from 'pg'
import { Account } from '../bank/account.js'
import { AccountNumbers } from '../bank/account-numbers.js'
import { openAccounts } from '../bank/open-accounts.js'
import { connectionPool } from '../connection-pool.js'
import type { Environment } from '../system.js'

/** A running application with accounts that are open, and so in memory. */
export interface WritBank {
  readonly app: Application
  readonly accounts: AccountNumbers
  /** For looking at what is stored; none of the application's. */
  readonly pool: pg.Pool
  close(): Promise<void>
}

/** @param parts what the bank has besides accounts */
export async function openWritBank(environment: Environment, count: number, parts: Partial<Module> = {}): Promise<WritBank> {
  const { connectionString, schema, callers } = environment
  const store = postgresEventStore({ connectionString, schema })
  const bank = module({ name: 'bank', ...parts, aggregates: [Account, ...(parts.aggregates ?? [])] })
  const app = await Application.create({ store, modules: [bank] })
  await app.start()
  const accounts = new AccountNumbers(count, callers)
  await openAccounts(app, accounts.all)
  const pool = connectionPool(environment, 1)
  return {
    app,
    accounts,
    pool,
    async close() {
      await pool.end()
      await app.stop()
    },
  }
}
