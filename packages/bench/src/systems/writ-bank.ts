import { Application, type Module, module } from '@writ/application'
import type { Class } from '@writ/event-store'
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

/**
 * @param parts what the bank has besides accounts
 * @param account what an account is, and how many connections its commands have
 */
export async function openWritBank(
  environment: Environment,
  count: number,
  parts: Partial<Module> = {},
  { account = Account, poolSize = 10 }: { readonly account?: Class<object>; readonly poolSize?: number } = {},
): Promise<WritBank> {
  const { connectionString, schema, callers } = environment
  const store = postgresEventStore({ connectionString, schema, poolSize })
  const bank = module({ name: 'bank', ...parts, aggregates: [account, ...(parts.aggregates ?? [])] })
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
