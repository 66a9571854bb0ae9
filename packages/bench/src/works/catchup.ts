import { preload } from '../preload.js'
import { writCatchUp, writUpserts } from '../systems/catch-up.js'
import { copyToEmmett, emmettConsumer } from '../systems/emmett-consumer.js'
import { copyReplay, rowsReplay } from '../systems/replay.js'
import type { Work } from '../work.js'

const log = { events: 500_000, stretch: 100_000 }
const tuned = { batchSize: 1_000, pullingFrequencyInMs: 1 }

export const catchup: Work = {
  name: 'catchup',
  description: `handlers that are new to a log of ${log.events.toLocaleString('en')} events, until they have handled them all, or the window's time is up`,
  unit: 'events',
  systems: [
    writCatchUp(log.events),
    writCatchUp(log.events, 10),
    writUpserts(log.events, 'together'),
    writUpserts(log.events, 'each'),
    emmettConsumer('emmett', log.events, {}),
    emmettConsumer('emmett tuned', log.events, tuned),
    emmettConsumer('emmett upserts', log.events, tuned, true),
  ],
  limits: [rowsReplay(log), copyReplay(log)],
  callers: [1],
  against: 'rows',
  async prepare(environment, progress) {
    await preload(environment, log.events, 10, progress)
    await copyToEmmett(environment)
  },
  goals: [
    { callers: 1, system: 'writ', figure: 'perSecond', atLeast: 200_000 },
    { callers: 1, system: 'writ ×10', figure: 'perSecond', against: 'writ', atLeast: 0.5 },
    { callers: 1, system: 'writ upserts', figure: 'perSecond', atLeast: 60_000 },
    { callers: 1, system: 'writ upsert each', figure: 'perSecond', against: 'emmett upserts', atLeast: 2 },
  ],
  limitedBy:
    'Node, which is one thread: reading and decoding take two thirds of its time, as in `replay`, and the rest goes into calling handlers and into the collector. Ten handlers read and decode once',
}
