import { heard, unheard, woken } from '../systems/wake-up.js'
import type { Work } from '../work.js'

export const wakeUp: Work = {
  name: 'wake-up',
  description: 'appends in one process, until another process that was woken sees them in the log; 1 caller pauses, more do not',
  unit: 'events',
  systems: [heard, woken, unheard],
  limits: [],
  callers: [1, 64],
  against: 'unheard',
  goals: [
    { callers: 1, system: 'heard', figure: 'p50', atMost: 3 },
    { callers: 1, system: 'heard', figure: 'p99', atMost: 20 },
    { callers: 64, system: 'heard', figure: 'p50', atMost: 3 },
    { callers: 64, system: 'heard', figure: 'p99', atMost: 20 },
    { callers: 64, system: 'woken', figure: 'perSecond', against: 'unheard', atLeast: 0.95 },
  ],
  limitedBy:
    'a NOTIFY at most every 5 ms: it wakes every process that listens, and one with each batch would cost a small append a fifth of its time',
}
