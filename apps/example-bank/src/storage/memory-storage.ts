import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { InMemoryAccountBalanceProjection } from '../account/account-balance.in-memory-projection.js'
import { AccountBalances } from '../account/account-balances.js'
import { InMemoryCredentials } from '../credentials/in-memory-credentials.js'
import { InMemoryMailAddresses } from '../mail/in-memory-mail-addresses.js'
import { InMemoryMailbox } from '../mail/in-memory-mailbox.js'
import { InMemoryAccountActivityProjection } from '../report/account-activity.in-memory-projection.js'
import { AccountActivity } from '../report/account-activity.js'
import { InMemoryTransactionProjection } from '../report/transactions.in-memory-projection.js'
import { Transactions } from '../report/transactions.js'
import { drawKeys } from './keys.js'
import type { Storage } from './storage.js'

/** What outlives one bank and can be opened by the next: a restart, in a test. */
export class Memory {
  readonly log = new InMemoryLog()
  readonly credentials = new InMemoryCredentials()
  readonly mailbox = new InMemoryMailbox()
  readonly mailAddresses = new InMemoryMailAddresses()
  readonly accountBalances = new InMemoryAccountBalanceProjection()
  readonly transactions = new InMemoryTransactionProjection()
  readonly accountActivity = new InMemoryAccountActivityProjection()
  readonly keys = drawKeys()
}

/** For tests: everything in memory, and gone with the process. */
export function openMemoryStorage(memory = new Memory()): Storage {
  const { log, accountBalances, transactions, accountActivity, ...kept } = memory
  return {
    description: 'memory, gone when the process ends',
    store: inMemoryEventStore({ log }),
    projections: [InMemoryAccountBalanceProjection, InMemoryTransactionProjection, InMemoryAccountActivityProjection],
    ...kept,
    // A projection in memory holds its rows itself.
    bindReadModels(container) {
      container.bind(InMemoryAccountBalanceProjection).toConstantValue(accountBalances)
      container.bind(InMemoryTransactionProjection).toConstantValue(transactions)
      container.bind(InMemoryAccountActivityProjection).toConstantValue(accountActivity)
      container.bind(AccountBalances).toConstantValue(accountBalances)
      container.bind(Transactions).toConstantValue(transactions)
      container.bind(AccountActivity).toConstantValue(accountActivity)
    },
    close: async () => {},
  }
}
