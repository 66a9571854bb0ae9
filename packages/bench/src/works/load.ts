import { preload } from '../preload.js'
import { rowsLoad, writLoad, writState } from '../systems/load-stream.js'
import type { Work } from '../work.js'

const EVENTS = 400_000
const LONGEST = 10_000

export const load: Work = {
  name: 'load',
  description: 'a stream of 1,000 and one of 10,000 events, from the database to the last decoded event, and to an aggregate',
  unit: 'streams',
  systems: [writLoad(1_000), writLoad(LONGEST), writState(1_000), writState(LONGEST)],
  limits: [rowsLoad(1_000), rowsLoad(LONGEST)],
  callers: [1],
  against: `rows ${LONGEST}`,
  prepare: (environment, progress) => preload(environment, EVENTS, LONGEST, progress),
  goals: [
    { callers: 1, system: 'writ 1000', figure: 'p50', atMost: 4 },
    { callers: 1, system: 'writ 10000', figure: 'p50', atMost: 30 },
    { callers: 1, system: 'state 1000', figure: 'p50', atMost: 4 },
    { callers: 1, system: 'state 10000', figure: 'p50', atMost: 30 },
  ],
  limitedBy: 'Node and PostgreSQL alike, a core each; rows as the driver makes them would cost Node twice as much',
}
