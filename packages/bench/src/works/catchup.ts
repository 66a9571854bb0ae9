import { preload } from '../preload.js'
import { writCatchUp } from '../systems/catch-up.js'
import { copyReplay, rowsReplay } from '../systems/replay.js'
import type { Work } from '../work.js'

const log = { events: 500_000, stretch: 100_000 }

export const catchup: Work = {
  name: 'catchup',
  description: `handlers that are new to a log of ${log.events.toLocaleString('en')} events, until they have handled all of them`,
  unit: 'events',
  systems: [writCatchUp(log.events), writCatchUp(log.events, 10)],
  limits: [rowsReplay(log), copyReplay(log)],
  callers: [1],
  against: 'rows',
  prepare: (environment, progress) => preload(environment, log.events, 10, progress),
}
