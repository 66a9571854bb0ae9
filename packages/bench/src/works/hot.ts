import { emmettDeposits } from '../systems/emmett-deposits.js'
import { writAppendLimit } from '../systems/writ-append.js'
import { writDeposits } from '../systems/writ-deposits.js'
import type { Work } from '../work.js'
import { ACCOUNTS } from './dispatch.js'

// Fewer connections are fewer conflicts. Emmett's deposits/s with 64 callers on 2 busy cores: with 1 connection 50, with 2 27 to 59, with
// 4 37, with 8 20 and 14 that failed, with 24 25 and 31 that failed. Other retries than its default made it no faster, whether sooner or
// later, more or with chance.
const EMMETT_CONNECTIONS = 2

export const hot: Work = {
  name: 'hot',
  description: 'a deposit, of all callers to the same account, from the command to the stored event',
  unit: 'deposits',
  systems: [writDeposits(1), emmettDeposits(1, EMMETT_CONNECTIONS)],
  limits: [writAppendLimit, writDeposits(ACCOUNTS, 'writ on distinct accounts')],
  goals: [
    { callers: 64, system: 'writ', figure: 'perSecond', against: 'writ on distinct accounts', atLeast: 0.75 },
    { callers: 64, system: 'writ', figure: 'perSecond', atLeast: 25_000 },
  ],
  limitedBy: 'the same as in `dispatch`: what is decided while an append is under way follows as one append',
}
