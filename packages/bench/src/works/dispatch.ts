import { emmettDeposits } from '../systems/emmett-deposits.js'
import { writAppendLimit } from '../systems/writ-append.js'
import { writDeposits } from '../systems/writ-deposits.js'
import type { Work } from '../work.js'

export const ACCOUNTS = 4_096
// Emmett's deposits/s with 64 callers on 2 busy cores: with 8 connections 2,320, with 16 2,300, with 24 1,610, with 32 1,690.
const EMMETT_CONNECTIONS = 16

export const dispatch: Work = {
  name: 'dispatch',
  description: `a deposit to the caller's next of ${ACCOUNTS.toLocaleString('en')} open accounts, from the command to the stored event`,
  unit: 'deposits',
  systems: [writDeposits(ACCOUNTS), emmettDeposits(ACCOUNTS, EMMETT_CONNECTIONS)],
  limits: [writAppendLimit],
  goals: [
    { callers: 64, system: 'writ', figure: 'perSecond', atLeast: 25_000 },
    { callers: 64, system: 'writ', figure: 'perSecond', against: 'writ append', atLeast: 0.45 },
    { callers: 64, system: 'writ', figure: 'perSecond', against: 'emmett', atLeast: 12 },
  ],
  limitedBy:
    'at one caller the two ways between the processes and the flush; from 64 on both, Node and PostgreSQL: what a command costs Node, an event of its own included, comes on top of what the append costs it, and is done while PostgreSQL has the batch before',
}
