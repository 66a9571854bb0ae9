import { AccountNumbers } from '../bank/account-numbers.js'
import { castoreAccounts, depositInCastore } from '../bank/castore-account.js'
import { depositTo, opening } from '../bank/values.js'
import type { System } from '../system.js'
import { ids } from './ids.js'

/** Castore's store in memory, which reads all events of the account for each command. */
export function castoreDeposits(count: number): System {
  return {
    name: 'castore',
    async open({ callers }) {
      const numbers = new AccountNumbers(count, callers)
      let bank = await openBank(numbers.all)
      return {
        settings: 'a command that reads the aggregate and pushes an event; a new store in memory for each window',
        async renew() {
          bank = await openBank(numbers.all)
        },
        async operation(caller) {
          await bank.deposit.handler({ data: depositTo(numbers.next(caller)), metadata: ids() }, [bank.accounts])
        },
        async stored() {
          const lists = await Promise.all(numbers.all.map((account) => bank.accounts.getEvents(account)))
          return lists.reduce((sum, { events }) => sum + events.length - 1, 0)
        },
        async close() {},
      }
    },
  }
}

async function openBank(numbers: readonly string[]) {
  const accounts = castoreAccounts()
  for (const account of numbers) {
    const opened = {
      aggregateId: account,
      version: 1,
      type: 'ACCOUNT_OPENED',
      payload: opening(account),
      metadata: ids(),
    } as const
    await accounts.pushEvent(opened)
  }
  return { accounts, deposit: depositInCastore(accounts) }
}
