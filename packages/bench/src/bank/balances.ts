// A read model of accounts, as every system of `catchup` writes it: one row an account, and as many upserts as deposits.

import type pg from 'pg'
import type { MoneyDeposited } from './account.js'

export type Deposit = Pick<MoneyDeposited, 'account' | 'amount'>

export async function createBalances(pool: pg.Pool): Promise<void> {
  await pool.query('drop table if exists balances')
  await pool.query('create table balances (account text primary key, balance bigint not null)')
}

export const upsertOne = {
  name: 'upsert-one',
  text: `insert into balances values ($1, $2)
    on conflict (account) do update set balance = balances.balance + excluded.balance`,
  of: ({ account, amount }: Deposit): unknown[] => [account, amount],
}

/** A page's rows by one statement. */
export const upsertMany = {
  name: 'upsert-many',
  text: `insert into balances select account, sum(amount) from unnest($1::text[], $2::bigint[]) rows (account, amount) group by account
    on conflict (account) do update set balance = balances.balance + excluded.balance`,
  of: (deposits: readonly Deposit[]): unknown[] => [deposits.map(({ account }) => account), deposits.map(({ amount }) => amount)],
}

/** @throws Error where not each of so many deposits, each of the same amount, has been counted once */
export async function checkBalances(pool: pg.Pool, deposits: number, amount: number): Promise<void> {
  const { rows } = await pool.query<{ sum: string | null }>('select sum(balance)::text sum from balances')
  const sum = Number(rows[0]!.sum)
  if (sum !== deposits * amount)
    throw new Error(`The balances come to ${sum}, and ${deposits} deposits of ${amount} were handled.`)
}
