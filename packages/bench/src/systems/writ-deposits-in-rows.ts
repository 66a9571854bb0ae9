import { DepositMoney } from '../bank/account.js'
import { accountInRow } from '../bank/account-in-row.js'
import { depositTo } from '../bank/values.js'
import { connectionPool, countRows } from '../connection-pool.js'
import type { System } from '../system.js'
import { openWritBank } from './writ-bank.js'

const CONNECTIONS = 16

/** @param count how many accounts there are, each with a row */
export function writDepositsInRows(count: number): System {
  return {
    name: 'writ in rows',
    async open(environment) {
      const { schema } = environment
      const table = `${schema}.accounts`
      const admin = connectionPool(environment, 1)
      await admin.query(
        `create schema if not exists ${schema};
        create table ${table} (account text primary key, version bigint not null, status text not null, balance bigint not null)`,
      )
      await admin.end()
      const { app, accounts, pool, close } = await openWritBank(
        environment,
        count,
        {},
        { account: accountInRow(table), poolSize: CONNECTIONS },
      )
      return {
        settings: `an application with one decorated aggregate in a table, pool of ${CONNECTIONS}`,
        async operation(caller) {
          await app.dispatch(new DepositMoney(depositTo(accounts.next(caller))))
        },
        stored: () => countRows(pool, "events where type = 'money-deposited'"),
        close,
      }
    },
  }
}
