import { copy } from '../systems/copy.js'
import { emmettAppend } from '../systems/emmett-append.js'
import { insert } from '../systems/insert.js'
import { roundTrip } from '../systems/round-trip.js'
import { writAppend } from '../systems/writ-append.js'
import type { Work } from '../work.js'

export const append: Work = {
  name: 'append',
  description: 'one event of 217 bytes an append, each to a new stream, at an expected version',
  unit: 'events',
  systems: [writAppend, emmettAppend, insert, copy],
  limits: [roundTrip],
  reported: [1, 64, 256],
  goals: [
    { callers: 1, system: 'writ', figure: 'p50', against: 'insert', atMost: 1.4 },
    { callers: 64, system: 'writ', figure: 'perSecond', against: 'copy', atLeast: 0.4 },
    { callers: 64, system: 'writ', figure: 'perSecond', against: 'emmett', atLeast: 12 },
    { callers: 64, system: 'writ', figure: 'p50', atMost: 2 },
    { callers: 256, system: 'writ', figure: 'perSecond', against: 'copy', atLeast: 0.45 },
  ],
  limitedBy:
    'at one caller the two ways between the processes and the flush; from 64 on PostgreSQL, which inserts one batch after another under the lock: three unique indexes cost it more than all that Writ adds, and Node is idle for half of the time',
}
