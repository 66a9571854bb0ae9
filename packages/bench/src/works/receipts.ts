import { writDeposits } from '../systems/writ-deposits.js'
import { writReceipts } from '../systems/writ-receipts.js'
import type { Work } from '../work.js'
import { ACCOUNTS } from './dispatch.js'

export const receipts: Work = {
  name: 'receipts',
  description: 'the deposits of `dispatch`, with and without ids that their senders give',
  unit: 'deposits',
  systems: [writReceipts(ACCOUNTS), writDeposits(ACCOUNTS)],
  limits: [],
  callers: [1, 64],
  against: 'writ',
  goals: [{ callers: 64, system: 'writ with ids', figure: 'perSecond', against: 'writ', atLeast: 0.6 }],
  limitedBy:
    "a receipt, which is a row with a unique index and a third of the event's size; a command without a given id writes none, and asks for none",
}
