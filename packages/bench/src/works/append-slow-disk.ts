import { emmettAppend } from '../systems/emmett-append.js'
import { flushedUnderTheLock } from '../systems/flushed-under-the-lock.js'
import { inProcesses } from '../systems/in-processes.js'
import { writAppend } from '../systems/writ-append.js'
import type { Work } from '../work.js'

const FLUSH_DELAY = 2

export const appendSlowDisk: Work = {
  name: 'append-slow-disk',
  description: `the appends of \`append\`, by eight processes, on a disk whose flush takes ${FLUSH_DELAY} ms longer`,
  unit: 'events',
  systems: [inProcesses(writAppend, 8), inProcesses(emmettAppend, 8)],
  limits: [flushedUnderTheLock(inProcesses(writAppend, 8))],
  callers: [8, 64],
  against: 'emmett in 8 processes',
  flushDelay: FLUSH_DELAY,
  goals: [
    { callers: 8, system: 'writ in 8 processes', figure: 'perSecond', atLeast: 1_000 },
    { callers: 64, system: 'writ in 8 processes', figure: 'perSecond', atLeast: 7_000 },
  ],
  limitedBy:
    'the flush: who comes while one is under way waits for it, and then for the next, which carries what all processes have stored by then',
}
