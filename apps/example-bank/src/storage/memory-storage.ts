import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { InMemoryAccountBalanceProjection } from '../account/account-balance.in-memory-projection.js'
import { InMemoryCredentials } from '../credentials/in-memory-credentials.js'
import { InMemoryMailAddresses } from '../mail/in-memory-mail-addresses.js'
import { InMemoryMailbox } from '../mail/in-memory-mailbox.js'
import { drawKeys } from './keys.js'
import type { Storage } from './storage.js'

/** What outlives one bank and can be opened by the next: a restart, in a test. */
export class Memory {
  readonly log = new InMemoryLog()
  readonly credentials = new InMemoryCredentials()
  readonly mailbox = new InMemoryMailbox()
  readonly mailAddresses = new InMemoryMailAddresses()
  readonly accountBalances = new InMemoryAccountBalanceProjection()
  readonly keys = drawKeys()
}

/** For tests: everything in memory, and gone with the process. */
export function openMemoryStorage(memory = new Memory()): Storage {
  const { log, accountBalances, ...kept } = memory
  return {
    description: 'memory, gone when the process ends',
    store: inMemoryEventStore({ log }),
    accountBalances: InMemoryAccountBalanceProjection,
    ...kept,
    bind: (container) => container.bind(InMemoryAccountBalanceProjection).toConstantValue(accountBalances),
    close: async () => {},
  }
}
