/** What an adapter may lack and still be of use. Everything else in the port is not up for choice. */
export type Capability =
  /** Appends on the condition that nothing matches a query. */
  | 'conditions'
  /** Reads of the log by types and tags, by stream, by category and by correlation. */
  | 'queries'
  /** Reads against the order of the log. */
  | 'backwards reads'
  /** Receipts of commands with a given id. */
  | 'receipts'
  /** Snapshots that last. */
  | 'snapshots'
  /** Events in other streams by reference. */
  | 'links'
  /** Lists of streams. */
  | 'stream lists'
  /** Streams that end for good. */
  | 'deletes'
  /** Deletes and truncations that take the events out of the store, where that is allowed. */
  | 'hard deletes'
  /** Streams that are read from a later version on. */
  | 'truncation'
  /** Checkpoints with leases and epochs, and parked events. */
  | 'checkpoints'
  /** Effects in the checkpoint's own transaction. */
  | 'checkpoint transactions'
  /** Which versions of projections are live. */
  | 'projection versions'
  /** Appends to several streams, all or none. */
  | 'several streams'
  /** Work in a transaction of the store, with appends as its last step. */
  | 'transactions'
  /** Rows of the user's own tables in such a transaction; the hook `makeTable` makes one. */
  | 'rows'
  /** Work in transactions of the user's own (`within`), which the user commits; the hook `beginTransaction` begins one. */
  | 'joined transactions'
  /** Several stores on the same data, as several processes have them. */
  | 'several processes'
  /** Transactions on the store's server that have nothing to do with it: the hook `holdForeignTransaction` opens one. */
  | 'foreign transactions'
  /** Hints that there may be new events. */
  | 'wake-ups'
  /** Hints that someone has steered a subscription. */
  | 'steering hints'
  /** Noticing that the log was rewound; the hook `rewind` does it. */
  | 'rewound logs'
  /** Appends of up to 10,000 events. */
  | 'large appends'
  /** Events of up to 1 MiB. */
  | 'large events'

export interface Unsupported {
  readonly capability: Capability
  /** Why the adapter lacks it, as the end of a sentence; it stands in the name of each test that is skipped. */
  readonly reason: string
}

/** The first of some needs that an adapter lacks. */
export function unsupportedAmong(needs: readonly Capability[], unsupported: readonly Unsupported[]): Unsupported | undefined {
  return unsupported.find(({ capability }) => needs.includes(capability))
}
