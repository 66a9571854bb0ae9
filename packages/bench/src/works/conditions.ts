import { preload } from '../preload.js'
import { preloadTags, writTagged } from '../systems/writ-boundaries.js'
import type { Work } from '../work.js'

const EVENTS = 1_000_000

export const conditions: Work = {
  name: 'conditions',
  description:
    'one tagged event of 217 bytes an append, on the condition that no event has its tag, with a million tagged events stored',
  unit: 'events',
  systems: [writTagged('writ', true), writTagged('unconditional', false)],
  limits: [],
  callers: [64],
  against: 'unconditional',
  async prepare(environment, progress) {
    await preload(environment, EVENTS, 1, progress)
    await preloadTags(environment, EVENTS)
  },
  goals: [{ callers: 64, system: 'writ', figure: 'perSecond', against: 'unconditional', atLeast: 0.6 }],
  limitedBy: 'PostgreSQL, which looks each condition up by the index on tags, under the lock and before it writes anything',
}
