import { writAppendLimit } from '../systems/writ-append.js'
import { row, writStaged, writTransaction } from '../systems/writ-rows.js'
import type { Work } from '../work.js'

export const transactions: Work = {
  name: 'transactions',
  description: "one event of 217 bytes to a new stream, with a row of the user's own in the same transaction",
  unit: 'events',
  systems: [writAppendLimit, writTransaction, writStaged],
  limits: [row],
  against: 'writ append',
}
