import 'reflect-metadata'
import { InMemoryAccountBalanceProjection } from '../src/account/account-balance.in-memory-projection.js'
import { InMemoryAccountActivityProjection } from '../src/report/account-activity.in-memory-projection.js'
import { InMemoryTransactionProjection } from '../src/report/transactions.in-memory-projection.js'
import { Memory, openMemoryStorage } from '../src/storage/memory-storage.js'
import { describeRebuild } from './describe-rebuild.js'

describeRebuild({
  storage: 'memory',
  projections: [InMemoryAccountBalanceProjection, InMemoryTransactionProjection, InMemoryAccountActivityProjection],
  async create() {
    let memory = new Memory()
    return {
      openStorage: async () => openMemoryStorage(memory),
      rows: async () =>
        [memory.accountBalances, memory.transactions, memory.accountActivity].map((rows) => structuredClone({ ...rows })),
      endProcess() {
        const { accountBalances, transactions, accountActivity } = new Memory()
        memory = { ...memory, accountBalances, transactions, accountActivity }
      },
      close: async () => {},
    }
  },
})
