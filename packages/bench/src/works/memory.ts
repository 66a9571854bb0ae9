import { cachedAccounts } from '../figures/cached-accounts.js'
import { castoreDeposits } from '../systems/castore-deposits.js'
import { emmettDepositsInMemory } from '../systems/emmett-deposits-in-memory.js'
import { nestDeposits } from '../systems/nest-deposits.js'
import { writDepositsInMemory, writFewDepositsInMemory, writMadeDepositsInMemory } from '../systems/writ-deposits-in-memory.js'
import type { Work } from '../work.js'
import { ACCOUNTS } from './dispatch.js'

export const memory: Work = {
  name: 'memory',
  description: 'the deposits of `dispatch` on stores in memory, and what an account in the cache weighs',
  unit: 'deposits',
  systems: [writDepositsInMemory(ACCOUNTS), nestDeposits(ACCOUNTS), castoreDeposits(ACCOUNTS), emmettDepositsInMemory(ACCOUNTS)],
  limits: [writMadeDepositsInMemory(ACCOUNTS), writFewDepositsInMemory()],
  callers: [1, 64],
  against: 'castore',
  figures: [cachedAccounts(100_000)],
  goals: [
    { callers: 64, system: 'writ', figure: 'perSecond', atLeast: 200_000 },
    { callers: 64, system: 'writ', figure: 'perSecond', against: 'castore', atLeast: 1 },
  ],
  limitedBy:
    "Node, which is one thread: a seventh of its time goes to the garbage collector, which copies every event that is kept, a tenth into making and validating the command and its event, another into ids and JSON, and the rest into many steps of which none takes a twentieth. What is kept for an account is cold when its next command comes: with 64 accounts instead of 4,096 it is 1.2 to 1.35 times the rate. Nest's bus keeps and validates nothing; Castore reads all events of the account, so that it slows down as they become more",
}
