/**
 * Which version of each projection serves reads.
 *
 * @typeParam Transaction what an effect in the swap's own transaction gets from this adapter, and a read
 */
export interface ProjectionVersions<Transaction extends object = object> {
  /** Undefined where none was ever made live. */
  live(name: string): Promise<LiveVersion | undefined>
  /**
   * Makes another version live, together with an effect in the same transaction: both or neither.
   *
   * @throws ProjectionVersionConflictError when another one is live than the one to change from; nothing was changed
   * @throws what the effect throws, after rolling back
   */
  swap(name: string, change: VersionChange, effect?: (transaction: Transaction) => Promise<void>): Promise<void>
  /**
   * Reads as of one moment: which versions are live, and their rows, in the same snapshot. Nothing can be written.
   *
   * @throws what the work throws
   */
  read<T>(work: (transaction: Transaction & LiveVersions) => Promise<T>): Promise<T>
}

export interface LiveVersion {
  readonly version: number
  /** The one that was live before; undefined for the first. */
  readonly previous: number | undefined
  /** By the store's clock. */
  readonly since: Date
}

export interface VersionChange {
  /** The version that must be live; undefined: none. */
  readonly from: number | undefined
  readonly to: number
}

export interface LiveVersions {
  /** The version that was live at the moment of the read. */
  liveVersion(name: string): Promise<number | undefined>
  /** How far each partition of a subscription had come at that moment, in their order; none where it is not known. */
  checkpointsOf(subscription: string): Promise<readonly number[]>
}
