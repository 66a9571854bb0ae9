import type { FoundLog, LogPlace } from '../store/known-place.js'
import { WritError } from './writ-error.js'

/**
 * The log has lost what it had acknowledged or given out: a backup was restored, or a standby promoted that lagged behind.
 *
 * Positions are given out again, and whoever went on would mix two histories. So nothing is done until the store is stopped and started.
 */
export class LogRewoundError extends WritError<'log-rewound'> {
  constructor(
    readonly adapter: string,
    /** The highest place that this process had been told of as durable. */
    readonly lastKnown: LogPlace,
    /** What is there now. */
    readonly found: FoundLog,
    why: string,
  ) {
    super(
      'log-rewound',
      `The log of the ${adapter} store is not the one that it was: ${why}. A backup seems to have been restored, or a standby promoted that lagged behind. ` +
        'Nothing is written or given out any more. Drop what was made of the lost events (caches, positions, read models kept elsewhere), then stop this store and start it anew.',
    )
  }
}
