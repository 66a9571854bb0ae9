import { writGrowth } from '../systems/writ-growth.js'
import type { Work } from '../work.js'

const SLICE = 25_000
const SLICES = 12

export const growth: Work = {
  name: 'growth',
  description: `one session, from an empty store to ${(SLICE * SLICES).toLocaleString('en')} events, a window for each ${SLICE.toLocaleString('en')}`,
  unit: 'events',
  systems: [writGrowth(SLICE)],
  limits: [],
  callers: [64],
  against: 'writ',
  rounds: SLICES,
  goals: [{ callers: 64, system: 'writ', figure: 'course', atLeast: 0.85 }],
  limitedBy:
    'the same as in `append`; plans are pinned, so that none that was made for an empty table scans it when it has grown',
}
