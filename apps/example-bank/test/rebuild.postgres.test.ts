import 'reflect-metadata'
import { silentLogger } from '@writ/event-store'
import pg from 'pg'
import { AccountBalanceProjection } from '../src/account/account-balance.projection.js'
import { AccountActivityProjection } from '../src/report/account-activity.projection.js'
import { TransactionProjection } from '../src/report/transactions.projection.js'
import { openPostgresStorage } from '../src/storage/postgres-storage.js'
import { describeRebuild } from './describe-rebuild.js'
import { createDatabase } from './test-place.js'

const tables = ['account_balances', 'transactions', 'account_activity']

describeRebuild({
  storage: 'PostgreSQL',
  projections: [AccountBalanceProjection, TransactionProjection, AccountActivityProjection],
  async create() {
    const { connectionString, drop } = await createDatabase()
    const client = new pg.Client({ connectionString })
    await client.connect()
    const rowsOf = async (table: string) => (await client.query(`select * from bank.${table} order by 1`)).rows
    return {
      openStorage: () => openPostgresStorage({ connectionString, logger: silentLogger }),
      async rows(version) {
        const rows: unknown[] = []
        for (const table of tables) rows.push(await rowsOf(`${table}_v${version}`))
        return rows
      },
      endProcess() {},
      async close() {
        await client.end()
        await drop()
      },
    }
  },
})
