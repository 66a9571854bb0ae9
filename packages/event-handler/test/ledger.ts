import { testDatabase } from '@writ/build-tools'
import type pg from 'pg'

/**
 * Makes the tables of `parking-process.mjs`: the amounts that it fails on, and what it has handled.
 *
 * @param closeLater takes what is to be done at the end of the test
 * @returns their schema
 */
export async function openLedger(pool: pg.Pool, closeLater: (close: () => Promise<unknown>) => void): Promise<string> {
  const { schema } = testDatabase()
  await pool.query(`create schema ${schema};
    create table ${schema}.poison (amount int);
    create table ${schema}.handled (id bigint generated always as identity, account text, position bigint)`)
  closeLater(() => pool.query(`drop schema ${schema} cascade`))
  return schema
}
