import { getInMemoryEventStore } from '@event-driven-io/emmett'
import { AccountNumbers } from '../bank/account-numbers.js'
import { type AccountOpened, accountHandler, deposit } from '../bank/emmett-account.js'
import { depositTo, opening } from '../bank/values.js'
import type { System } from '../system.js'
import { ids } from './ids.js'

/** The commands of `emmett-deposits.ts` on its store in memory. */
export function emmettDepositsInMemory(count: number): System {
  return {
    name: 'emmett',
    async open({ callers }) {
      const numbers = new AccountNumbers(count, callers)
      const handle = accountHandler({ onVersionConflict: true })
      let store = await openStore(numbers.all)
      return {
        settings: 'CommandHandler; a new store in memory for each window',
        async renew() {
          store = await openStore(numbers.all)
        },
        async operation(caller) {
          const account = numbers.next(caller)
          const data = depositTo(account)
          const metadata = ids()
          await handle(store, account, (state) => deposit(state, data, metadata))
        },
        async stored() {
          const streams = await Promise.all(numbers.all.map((account) => store.readStream(`account-${account}`)))
          return streams.reduce((sum, { events }) => sum + events.length - 1, 0)
        },
        async close() {},
      }
    },
  }
}

async function openStore(numbers: readonly string[]) {
  const store = getInMemoryEventStore()
  for (const account of numbers) {
    const opened: AccountOpened = { type: 'account-opened', data: opening(account), metadata: ids() }
    await store.appendToStream<AccountOpened>(`account-${account}`, [opened], { expectedStreamVersion: 0n })
  }
  return store
}
