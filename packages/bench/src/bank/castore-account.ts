import { Command, EventStore, EventType, tuple } from '@castore/core'
import { InMemoryEventStorageAdapter } from '@castore/event-storage-adapter-in-memory'
import type { MoneyInOrOut, Opening } from './values.js'

type Metadata = { readonly correlationId: string; readonly causationId: string }

const accountOpened = new EventType<'ACCOUNT_OPENED', Opening, Metadata>({ type: 'ACCOUNT_OPENED' })
const moneyDeposited = new EventType<'MONEY_DEPOSITED', MoneyInOrOut, Metadata>({ type: 'MONEY_DEPOSITED' })

interface Account {
  readonly aggregateId: string
  readonly version: number
  readonly status: 'absent' | 'open'
  readonly balance: number
}

/** A store of accounts in memory, of its own. */
export function castoreAccounts() {
  return new EventStore({
    eventStoreId: 'ACCOUNTS',
    eventTypes: [accountOpened, moneyDeposited],
    reducer: (account: Account, event): Account => {
      const { aggregateId, version } = event
      switch (event.type) {
        case 'ACCOUNT_OPENED':
          return { aggregateId, version, status: 'open', balance: event.payload.balance }
        case 'MONEY_DEPOSITED':
          return { ...account, version, balance: account.balance + event.payload.amount }
      }
    },
    eventStorageAdapter: new InMemoryEventStorageAdapter(),
  })
}

/** The command as Castore documents it: read the aggregate, decide, push the event at the next version. */
export function depositInCastore(accounts: ReturnType<typeof castoreAccounts>) {
  return new Command({
    commandId: 'DEPOSIT_MONEY',
    requiredEventStores: tuple(accounts),
    handler: async ({ data, metadata }: { data: MoneyInOrOut; metadata: Metadata }, [store]) => {
      const { aggregate } = await store.getAggregate(data.account)
      if (aggregate?.status !== 'open') throw new Error('The account is not open.')
      const { aggregateId, version } = aggregate
      await store.pushEvent(
        { aggregateId, version: version + 1, type: 'MONEY_DEPOSITED', payload: data, metadata },
        { prevAggregate: aggregate },
      )
    },
  })
}
