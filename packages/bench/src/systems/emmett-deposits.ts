import { isExpectedVersionConflictError } from '@event-driven-io/emmett'
import { AccountNumbers } from '../bank/account-numbers.js'
import { type AccountOpened, accountHandler, deposit } from '../bank/emmett-account.js'
import { depositTo, opening } from '../bank/values.js'
import { countRows } from '../connection-pool.js'
import { OperationFailed, type System } from '../system.js'
import { openEmmettStore } from './emmett-store.js'
import { ids } from './ids.js'

/**
 * Emmett's CommandHandler, which reads the account's whole stream for each command: it keeps none in memory.
 *
 * @param count how many accounts there are
 * @param connections as many as serve it best
 */
export function emmettDeposits(count: number, connections: number): System {
  return {
    name: 'emmett',
    async open(environment) {
      const { store, pool, settings } = await openEmmettStore(environment, connections)
      const accounts = new AccountNumbers(count, environment.callers)
      await Promise.all(
        accounts.all.map((account) =>
          store.appendToStream<AccountOpened>(
            `account-${account}`,
            [{ type: 'account-opened', data: opening(account), metadata: ids() }],
            {
              expectedStreamVersion: 0n,
            },
          ),
        ),
      )
      const handle = accountHandler({ onVersionConflict: true })
      return {
        settings: `CommandHandler, retried on version conflicts by its own defaults (3 times); ${settings}`,
        async operation(caller) {
          const account = accounts.next(caller)
          const data = depositTo(account)
          const metadata = ids()
          try {
            await handle(store, account, (state) => deposit(state, data, metadata))
          } catch (error) {
            if (isExpectedVersionConflictError(error))
              throw new OperationFailed('Given up after version conflicts.', { cause: error })
            throw error
          }
        },
        stored: () => countRows(pool, "emt_messages where message_type = 'money-deposited'"),
        async close() {
          await store.close()
          await pool.end()
        },
      }
    },
  }
}
