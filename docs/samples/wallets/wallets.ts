import { module } from '@writ/application'
import pg from 'pg'
import { Balances, InMemoryBalances, PostgresBalances } from './balances.js'
import { Transfer } from './transfer.js'
import { Wallet } from './wallet.js'

/** The service: in memory, or with its balances beside the events in PostgreSQL. */
export const wallets = (pool?: pg.Pool) => {
  const balances = pool ? PostgresBalances : InMemoryBalances
  return module({
    name: 'wallets',
    aggregates: [Wallet],
    processManagers: [Transfer],
    projections: [balances],
    bindings(container) {
      container.bind(Balances).toService(balances)
      if (pool) container.bind(pg.Pool).toConstantValue(pool)
    },
  })
}
