import { writAppendAt } from '../systems/writ-append-at.js'
import type { Work } from '../work.js'

export const tenMillion: Work = {
  name: 'ten-million',
  description: 'the appends of `append` to a log of a hundred thousand events and to one of ten million; needs 6 GB of disk',
  unit: 'events',
  systems: [writAppendAt(100_000), writAppendAt(10_000_000)],
  limits: [],
  callers: [64],
  against: 'writ at 100 000',
  goals: [{ callers: 64, system: 'writ at 10 000 000', figure: 'perSecond', against: 'writ at 100 000', atLeast: 0.85 }],
  limitedBy:
    "the same as in `append`; ids come in the order of time and touch the last pages of their index only, while the index of random stream names outgrows the server's buffers",
}
