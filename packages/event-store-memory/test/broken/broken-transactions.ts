import type { EventStore } from '@writ/event-store'
import type { InMemoryTransaction } from '../../src/index.js'
import { type BrokenStore, overriding } from './broken-store.js'

type Transaction = Parameters<Parameters<EventStore<InMemoryTransaction>['transaction']>[0]>[0]

/** Transactions with something wrong. */
const within =
  (instead: (transaction: Transaction, sound: EventStore) => Partial<Transaction>): BrokenStore['instead'] =>
  (sound) => ({
    transaction: (work) =>
      sound.transaction((transaction) => work(overriding(transaction, instead(transaction as Transaction, sound)))),
  })

export const brokenTransactions: readonly BrokenStore[] = [
  {
    does: 'says of a row that is there that it has inserted it',
    area: 'rows of transactions',
    instead: within(({ rows }) => ({ rows: (table) => overriding(rows(table), { insert: async () => true }) })),
  },
  {
    does: 'keeps what a part of the work has done that failed',
    area: 'rows of transactions',
    instead: within(() => ({ part: (work) => work() })),
  },
  {
    does: 'locks no row',
    area: 'rows of transactions',
    instead: within(({ rows }) => ({ rows: (table) => overriding(rows(table), { lock: rows(table).find }) })),
  },
  {
    does: 'reads nothing in a transaction that others have stored since it began',
    area: 'reads within transactions',
    instead: within(({ reads }) => {
      const began = reads.head()
      return {
        reads: overriding(reads, {
          async *readStream(stream, options) {
            const { position } = await began
            for await (const page of reads.readStream(stream, options)) yield page.filter((event) => event.position <= position)
          },
        }),
      }
    }),
  },
]
