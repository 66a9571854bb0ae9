import {
  On,
  OnBatch,
  Projection,
  type ProjectionBatchContext,
  type ProjectionContext,
  type ReadModelContext,
} from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { bigint, pgTable, text } from 'drizzle-orm/pg-core'
import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely'
import type pg from 'pg'
import { MoneyDeposited, MoneyWithdrawn } from './events.js'

// #region kysely
interface Tables {
  deposits: { account: string; total: number }
}

/** Kysely on the one connection of a transaction, which Writ has begun and will end. */
function kyselyOn(client: pg.ClientBase): Kysely<Tables> {
  const connection = { query: client.query.bind(client), release: () => {} } as unknown as PostgresPoolClient
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: { connect: async () => connection, end: async () => {} } }) })
}

@Projection({ name: 'deposits', version: 1 })
export class Deposits {
  async setUp({ client, version }: ReadModelContext<SqlTransaction>) {
    await kyselyOn(client)
      .schema.createTable(`deposits_v${version}`)
      .ifNotExists()
      .addColumn('account', 'text', (column) => column.primaryKey())
      .addColumn('total', 'bigint', (column) => column.notNull())
      .execute()
  }

  @On(MoneyDeposited)
  async deposited({ account, amount }: MoneyDeposited, { client, version }: ProjectionContext<SqlTransaction>) {
    await kyselyOn(client)
      .insertInto(`deposits_v${version}` as 'deposits')
      .values({ account, total: amount })
      .onConflict((conflict) =>
        conflict.column('account').doUpdateSet(({ eb, ref }) => ({
          total: eb(ref(`deposits_v${version}.total` as 'deposits.total'), '+', ref('excluded.total')),
        })),
      )
      .execute()
  }
}
// #endregion kysely

// #region drizzle
const withdrawals = (version: number) =>
  pgTable(`withdrawals_v${version}`, {
    account: text().primaryKey(),
    total: bigint({ mode: 'number' }).notNull(),
  })

@Projection({ name: 'withdrawals', version: 1 })
export class Withdrawals {
  async setUp({ sql, table }: ReadModelContext<SqlTransaction>) {
    await sql`create table if not exists ${table('withdrawals')} (account text primary key, total bigint not null)`
  }

  @OnBatch(MoneyWithdrawn)
  async withdrawn(events: readonly MoneyWithdrawn[], { client, version }: ProjectionBatchContext<SqlTransaction>) {
    const totals = new Map<string, number>()
    for (const { account, amount } of events) totals.set(account, (totals.get(account) ?? 0) + amount)
    const table = withdrawals(version)
    await drizzle(client as pg.Client)
      .insert(table)
      .values([...totals].map(([account, total]) => ({ account, total })))
      .onConflictDoUpdate({ target: table.account, set: { total: drizzleSql`${table.total} + excluded.total` } })
  }
}
// #endregion drizzle
