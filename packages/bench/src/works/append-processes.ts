import { emmettAppend } from '../systems/emmett-append.js'
import { inProcesses } from '../systems/in-processes.js'
import { writAppend } from '../systems/writ-append.js'
import type { Work } from '../work.js'

export const appendProcesses: Work = {
  name: 'append-processes',
  description: 'the appends of `append`, by callers in one, two and eight processes',
  unit: 'events',
  systems: [inProcesses(writAppend, 1), inProcesses(writAppend, 2), inProcesses(writAppend, 8), inProcesses(emmettAppend, 8)],
  limits: [],
  callers: [8, 64],
  against: 'emmett in 8 processes',
  goals: [
    { callers: 64, system: 'writ in 2 processes', figure: 'perSecond', against: 'writ in 1 process', atLeast: 0.6 },
    { callers: 64, system: 'writ in 8 processes', figure: 'perSecond', against: 'emmett in 8 processes', atLeast: 2.5 },
  ],
  limitedBy:
    'the size of batches: the more processes share the callers, the fewer events bear what a batch costs. The lock is held until events are visible, and flushes overlap',
}
