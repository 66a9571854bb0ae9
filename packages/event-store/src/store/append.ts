import type { ExpectedVersion } from './expected-version.js'
import type { NewEvent } from './new-event.js'
import type { AppendCondition } from './query.js'
import type { NewReceipt } from './receipts.js'

/** One append: to one stream, all or nothing. */
export interface Append {
  readonly stream: string
  /**
   * Up to 10,000 events; their order is kept. With none, nothing is stored, but expected version, condition and receipts are
   * checked (and receipts stored) all the same: so a refusal, too, can be made sure to rest on the newest state.
   */
  readonly events: readonly NewEvent[]
  /** `'any'` by default. */
  readonly expectedVersion?: ExpectedVersion
  readonly condition?: AppendCondition
  /** Written together with the events; one whose command has a receipt already refuses the append. */
  readonly receipts?: readonly NewReceipt[]
}

/** What became of an accepted append. */
export interface Appended {
  /** The stream's version after it. */
  readonly version: number
  /**
   * The position of its last event; the events of one append stand next to each other, so the first of n is at `position - n + 1`.
   * Of an append without events: that of the stream's last event, 0 where there is none.
   */
  readonly position: number
}
