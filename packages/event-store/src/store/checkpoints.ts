/**
 * How far each partition of each subscription has come, and who may move it.
 *
 * A lease is held by one owner at a time, by the store's clock. Its epoch grows at each change of hands and fences everyone before:
 * nothing that an earlier holder writes through its lease takes effect.
 *
 * @typeParam Transaction what an effect in the checkpoint's own transaction gets from this adapter
 */
export interface Checkpoints<Transaction extends object = object> {
  /** Makes sure that a subscription exists; one that is there keeps its checkpoint. */
  register(subscription: NewSubscription): Promise<void>
  /**
   * Takes the lease when it is free, released, expired, or held by this very owner.
   *
   * @throws UnknownSubscriptionError for a partition that was never registered
   */
  acquire(partition: PartitionName, owner: string, leaseMilliseconds: number): Promise<Acquisition>
  /** @throws LeaseLostError when another owner has taken over */
  renew(lease: Lease, leaseMilliseconds: number): Promise<void>
  /** Gives the lease back, so that the next owner need not wait; one that is lost already is no error. */
  release(lease: Lease): Promise<void>
  /**
   * Moves the checkpoint to a position; to the same one is a no-op.
   *
   * @throws LeaseLostError when another owner has taken over; nothing was changed
   * @throws CheckpointBehindError when the stored checkpoint is beyond this position; nothing was changed
   */
  advance(lease: Lease, position: number): Promise<void>
  /**
   * The same, in one transaction with an effect in the same store: both or neither.
   *
   * @throws what the effect throws, after rolling back; and what `advance` throws
   */
  advanceWith(lease: Lease, position: number, effect: (transaction: Transaction) => Promise<void>): Promise<void>
  /** One row a partition; all subscriptions, or the one with this name. */
  list(subscription?: string): Promise<readonly Checkpoint[]>
}

export interface NewSubscription {
  readonly name: string
  /** The checkpoint of a subscription that is new: the position after which it starts. */
  readonly startAfter: number
  /** How many partitions it has: from 1, 1 by default. */
  readonly partitions?: number
}

export interface PartitionName {
  readonly subscription: string
  /** From 0. */
  readonly partition: number
}

export interface Lease extends PartitionName {
  readonly owner: string
  /** Grows with each change of hands. */
  readonly epoch: number
}

export type Acquisition =
  | { readonly acquired: true; readonly lease: Lease; readonly checkpoint: number }
  | {
      readonly acquired: false
      readonly heldBy: string
      /** Milliseconds until it expires unless it is renewed, by the store's clock. */
      readonly expiresIn: number
    }

export interface Checkpoint extends PartitionName {
  /** The last position that is finished. */
  readonly checkpoint: number
  readonly owner: string | undefined
  readonly epoch: number
  /** Milliseconds until the lease expires, by the store's clock; undefined where nobody holds it. */
  readonly leaseExpiresIn: number | undefined
}
