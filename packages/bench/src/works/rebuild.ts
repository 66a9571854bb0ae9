import { preload } from '../preload.js'
import { copyToEmmett, emmettConsumer } from '../systems/emmett-consumer.js'
import { rowsReplay } from '../systems/replay.js'
import { writRebuild } from '../systems/writ-rebuild.js'
import type { Work } from '../work.js'

const log = { events: 1_000_000, stretch: 100_000 }
const WRITES = 500

export const rebuild: Work = {
  name: 'rebuild',
  description: `a read model of ${log.events.toLocaleString('en')} events and more is built anew and made live, while another process appends ${WRITES} events a second and the old version is read`,
  unit: 'events',
  systems: [writRebuild(WRITES), emmettConsumer('emmett', log.events, { batchSize: 1_000, pullingFrequencyInMs: 1 }, true)],
  limits: [rowsReplay(log)],
  callers: [1],
  against: 'rows',
  async prepare(environment, progress) {
    await preload(environment, log.events, 10, progress)
    await copyToEmmett(environment)
  },
  goals: [
    { callers: 1, system: 'writ', figure: 'perSecond', atLeast: 15_000 },
    // Its reads are what may fail.
    { callers: 1, system: 'writ', figure: 'failuresPerSecond', atMost: 0 },
  ],
  limitedBy:
    'the rows: PostgreSQL writes them, one statement a page, in turn with Node that reads and decodes the next page; appends and reads take their share of both',
}
