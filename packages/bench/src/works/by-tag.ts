import { preload } from '../preload.js'
import { preloadTags, writByTag } from '../systems/writ-boundaries.js'
import type { Work } from '../work.js'

const EVENTS = 1_000_000

export const byTag: Work = {
  name: 'by-tag',
  description: 'ten events by their tag, of a million',
  unit: 'reads',
  systems: [writByTag(EVENTS)],
  limits: [],
  callers: [1],
  against: 'writ',
  async prepare(environment, progress) {
    await preload(environment, EVENTS, 1, progress)
    await preloadTags(environment, EVENTS)
  },
  goals: [{ callers: 1, system: 'writ', figure: 'p50', atMost: 1 }],
  limitedBy: 'the way to the database and back, and ten looks into an index on a tag and ten into the log',
}
