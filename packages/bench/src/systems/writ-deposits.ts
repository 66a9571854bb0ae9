import { DepositMoney } from '../bank/account.js'
import { depositTo } from '../bank/values.js'
import { countRows } from '../connection-pool.js'
import type { System } from '../system.js'
import { openWritBank } from './writ-bank.js'

/** @param count how many accounts there are */
export function writDeposits(count: number, name = 'writ'): System {
  return {
    name,
    async open(environment) {
      const { app, accounts, pool, close } = await openWritBank(environment, count)
      return {
        settings: 'as it comes: an application with one decorated aggregate',
        async operation(caller) {
          await app.dispatch(new DepositMoney(depositTo(accounts.next(caller))))
        },
        stored: () => countRows(pool, "events where type = 'money-deposited'"),
        close,
      }
    },
  }
}
