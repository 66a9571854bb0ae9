import { Aggregate, rowsOf } from '@writ/aggregate'
import type { Class } from '@writ/event-store'
import { Account } from './account.js'

/** The account with its state in a row of this table. */
export function accountInRow(table: string): Class<object> {
  @Aggregate({ category: 'account', identity: 'account', storedIn: rowsOf({ table, key: 'account' }) })
  class AccountInRow extends Account {}
  return AccountInRow
}
