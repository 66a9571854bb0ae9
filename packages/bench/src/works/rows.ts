import { writDeposits } from '../systems/writ-deposits.js'
import { writDepositsInRows } from '../systems/writ-deposits-in-rows.js'
import { writTransaction } from '../systems/writ-rows.js'
import type { Work } from '../work.js'
import { ACCOUNTS } from './dispatch.js'

export const rows: Work = {
  name: 'rows',
  description: `a deposit to the caller's next of ${ACCOUNTS.toLocaleString('en')} open accounts, whose states come from events or are rows`,
  unit: 'deposits',
  systems: [writDeposits(ACCOUNTS), writDepositsInRows(ACCOUNTS)],
  limits: [writTransaction],
  against: 'writ',
}
