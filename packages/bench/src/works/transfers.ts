import { writAppendLimit } from '../systems/writ-append.js'
import { writTransfers } from '../systems/writ-transfers.js'
import type { Work } from '../work.js'
import { ACCOUNTS } from './dispatch.js'

export const transfers: Work = {
  name: 'transfers',
  description: `a transfer between two of ${ACCOUNTS.toLocaleString('en')} accounts through a process manager, until its caller learns that it is completed`,
  unit: 'transfers',
  systems: [writTransfers(ACCOUNTS)],
  limits: [writAppendLimit],
}
