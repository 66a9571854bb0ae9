import type { Work } from '../work.js'
import { append } from './append.js'
import { append100 } from './append-100.js'
import { appendProcesses } from './append-processes.js'
import { appendSlowDisk } from './append-slow-disk.js'
import { byTag } from './by-tag.js'
import { catchup } from './catchup.js'
import { conditions } from './conditions.js'
import { dispatch } from './dispatch.js'
import { growth } from './growth.js'
import { hot } from './hot.js'
import { latency } from './latency.js'
import { load } from './load.js'
import { memory } from './memory.js'
import { rebuild } from './rebuild.js'
import { receipts } from './receipts.js'
import { replay } from './replay.js'
import { rows } from './rows.js'
import { tenMillion } from './ten-million.js'
import { transactions } from './transactions.js'
import { transfers } from './transfers.js'
import { wakeUp } from './wake-up.js'

/** The works of the store alone. */
const storeWorks: readonly Work[] = [
  append,
  append100,
  appendProcesses,
  appendSlowDisk,
  growth,
  tenMillion,
  replay,
  load,
  conditions,
  byTag,
  wakeUp,
  transactions,
]

/** Those of commands. */
const commandWorks: readonly Work[] = [dispatch, hot, receipts, memory, rows, transfers]

/** Those of subscriptions. */
const subscriptionWorks: readonly Work[] = [catchup, latency, rebuild]

/** Everything that can be measured; a new work is a file beside this one and a line here. */
export const works: readonly Work[] = [...storeWorks, ...commandWorks, ...subscriptionWorks]
