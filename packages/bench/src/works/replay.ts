import { preload } from '../preload.js'
import { copyReplay, rowsReplay, writReplay } from '../systems/replay.js'
import type { Work } from '../work.js'

const log = { events: 1_000_000, stretch: 100_000 }

export const replay: Work = {
  name: 'replay',
  description: `${log.events.toLocaleString('en')} events through readAll, again and again, ${log.stretch.toLocaleString('en')} an operation`,
  unit: 'events',
  systems: [writReplay(log), rowsReplay(log)],
  limits: [copyReplay(log)],
  callers: [1],
  against: 'rows',
  prepare: (environment, progress) => preload(environment, log.events, 10, progress),
  goals: [{ callers: 1, system: 'writ', figure: 'perSecond', atLeast: 250_000 }],
  limitedBy:
    'Node, which is one thread: half of its time goes into parsing data and metadata and into frozen instances, the other half into texts, which come by COPY, a page while the one before is decoded',
}
