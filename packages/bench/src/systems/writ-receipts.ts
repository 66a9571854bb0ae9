import { systemRuntime } from '@writ/event-store'
import { DepositMoney } from '../bank/account.js'
import { depositTo } from '../bank/values.js'
import { countRows } from '../connection-pool.js'
import type { System } from '../system.js'
import { openWritBank } from './writ-bank.js'

/** The deposits of `writ-deposits.ts`, each with an id that its sender gave: it leaves a receipt. */
export function writReceipts(count: number): System {
  return {
    name: 'writ with ids',
    async open(environment) {
      const { app, accounts, pool, close } = await openWritBank(environment, count)
      return {
        settings: 'as it comes; each command has an id of its own, and leaves a receipt',
        async operation(caller) {
          const commandId = systemRuntime.uuid()
          await app.dispatch(new DepositMoney(depositTo(accounts.next(caller))), { commandId })
        },
        stored: () => countRows(pool, 'receipts'),
        close,
      }
    },
  }
}
