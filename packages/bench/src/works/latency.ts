import { emmettLatency } from '../systems/emmett-latency.js'
import { rawNotify } from '../systems/raw-notify.js'
import { writElsewhere, writLatency, writStrong } from '../systems/writ-latency.js'
import { writTakeover } from '../systems/writ-takeover.js'
import type { Work } from '../work.js'

const SELDOM = 40
const OFTEN = 2_000

export const latency: Work = {
  name: 'latency',
  description: `deposits at a steady rate, ${SELDOM} a second where nothing else is said, until a handler has the event; also when its process was killed`,
  unit: 'deposits',
  systems: [
    writLatency('writ', SELDOM),
    writLatency('writ often', OFTEN),
    writStrong(SELDOM),
    writElsewhere(SELDOM),
    writTakeover,
    emmettLatency('emmett', SELDOM, {}),
    emmettLatency('emmett tuned', SELDOM, { batchSize: 100, pullingFrequencyInMs: 1 }),
  ],
  limits: [rawNotify(SELDOM)],
  callers: [1],
  against: 'raw notify',
  goals: [
    { callers: 1, system: 'writ', figure: 'p50', atMost: 2 },
    { callers: 1, system: 'writ', figure: 'p99', atMost: 10 },
    { callers: 1, system: 'writ often', figure: 'p99', atMost: 50 },
    { callers: 1, system: 'writ strong', figure: 'p50', atMost: 5 },
    { callers: 1, system: 'writ killed', figure: 'p50', atMost: 6_000 },
  ],
  limitedBy:
    'the append’s own call with its flush, of which the process’s own handlers need no read; so seldom, each step is slow for being the first in a while, as in `raw notify`. A strong dispatch waits for a transaction besides, and a killed process for the end of its lease',
}
