import { copy } from '../systems/copy.js'
import { emmettAppends } from '../systems/emmett-append.js'
import { writAppends } from '../systems/writ-append.js'
import type { Work } from '../work.js'

export const append100: Work = {
  name: 'append-100',
  description: 'a hundred events of 217 bytes an append, all of one new stream, at an expected version',
  unit: 'events',
  systems: [writAppends(100), emmettAppends(100), copy],
  limits: [],
  callers: [16],
  against: 'copy',
  goals: [{ callers: 16, system: 'writ', figure: 'perSecond', against: 'copy', atLeast: 0.7 }],
  limitedBy: "PostgreSQL's CPU, which spends on a row little more than COPY does",
}
