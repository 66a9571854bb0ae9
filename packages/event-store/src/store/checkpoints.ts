import type { Heartbeat, HeartbeatAnswer } from './heartbeat.js'
import type { ParkingChanges } from './parked-events.js'

/**
 * How far each partition of each subscription has come, and who may move it.
 *
 * A lease is held by one owner at a time, by the store's clock. Its epoch grows at each change of hands and fences everyone before:
 * nothing that an earlier holder writes through its lease takes effect.
 *
 * The number of partitions is stored, and changes in four steps, which are the store's: another number is wished for (`register`), and no
 * lease is given any more; when none is held, the furthest checkpoint becomes the barrier; leases are given for partitions that stand
 * before it, and no further than to it; when all stand there and none is held, the partitions are replaced by as many as were wished
 * for, which start at the barrier, with epochs above all former ones. `acquire` and `heartbeat` take the steps that are due.
 *
 * @typeParam Transaction what an effect in the checkpoint's own transaction gets from this adapter
 */
export interface Checkpoints<Transaction extends object = object> {
  /**
   * Makes sure that a subscription exists; one that is there keeps its checkpoint. Where it has another number of partitions than the
   * one that is given, that number is wished for: the last wish wins. Wishing for the present number again takes the wish back as long
   * as there is no barrier.
   */
  register(subscription: NewSubscription): Promise<void>
  /**
   * Takes the lease when it is free, released, expired, or held by this very owner.
   *
   * @throws UnknownSubscriptionError for a subscription that was never registered, or was deleted
   */
  acquire(partition: PartitionName, owner: string, leaseMilliseconds: number): Promise<Acquisition>
  /** @throws LeaseLostError when another owner has taken over */
  renew(lease: Lease, leaseMilliseconds: number): Promise<void>
  /** Gives the lease back, so that the next owner need not wait; one that is lost already is no error. */
  release(lease: Lease): Promise<void>
  /**
   * What a process says every now and then, in one round trip: that it takes part in some subscriptions, and that it goes on holding its
   * leases. It learns how these subscriptions are; one that the store does not know is left out.
   */
  heartbeat(heartbeat: Heartbeat): Promise<HeartbeatAnswer>
  /** Ends an owner's part in all subscriptions, and gives back every lease that it holds. */
  leave(owner: string): Promise<void>
  /**
   * Moves the checkpoint to a position; to the same one is a no-op. What is parked changes with it, or not at all.
   *
   * @throws LeaseLostError when another owner has taken over, or the position is beyond the barrier; nothing was changed
   * @throws CheckpointBehindError when the stored checkpoint is beyond this position; nothing was changed
   */
  advance(lease: Lease, position: number, changes?: ParkingChanges): Promise<void>
  /**
   * The same, in one transaction with an effect in the same store: both or neither.
   *
   * @throws what the effect throws, after rolling back; and what `advance` throws
   */
  advanceWith(
    lease: Lease,
    position: number,
    effect: (transaction: Transaction) => Promise<void>,
    changes?: ParkingChanges,
  ): Promise<void>
  /**
   * From now on `acquire` gives no lease of the subscription, in whatever process; who holds one learns it by its next heartbeat, which
   * comes at once where the hint of it is heard.
   *
   * @throws UnknownSubscriptionError
   */
  pause(subscription: string): Promise<void>
  /** @throws UnknownSubscriptionError */
  resume(subscription: string): Promise<void>
  /**
   * Moves all partitions to a position, forwards or backwards, together with an effect in the same transaction: both or neither. Parked
   * events are forgotten, every lease is lost, and a change of the number of partitions is over: there are as many as were wished for.
   *
   * Who still holds a lease waits for the effect when it renews it or advances. So pause first, and let them release.
   *
   * @throws UnknownSubscriptionError
   * @throws what the effect throws, after rolling back
   */
  reset(subscription: string, position: number, effect?: (transaction: Transaction) => Promise<void>): Promise<void>
  /**
   * Forgets all about a subscription: checkpoints, members, parked events; together with an effect in the same transaction. Every lease
   * is lost, also should the subscription be registered again.
   *
   * @throws UnknownSubscriptionError
   * @throws what the effect throws, after rolling back
   */
  delete(subscription: string, effect?: (transaction: Transaction) => Promise<void>): Promise<void>
  /** One row a partition; all subscriptions, or the one with this name. */
  list(subscription?: string): Promise<readonly Checkpoint[]>
}

export interface NewSubscription {
  readonly name: string
  /** The checkpoint of a subscription that is new: the position after which it starts. */
  readonly startAfter: number
  /** How many partitions it is to have: 1 to 1,000. By default 1 if it is new, and as many as it has if it is known. */
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
  | {
      readonly acquired: true
      readonly lease: Lease
      readonly checkpoint: number
      /** How many partitions the subscription has. */
      readonly partitions: number
      /** A barrier: deliver up to this position, then release. Undefined where there is none. */
      readonly upTo: number | undefined
    }
  | {
      readonly acquired: false
      readonly why: 'held'
      readonly heldBy: string
      /** Milliseconds until it expires unless it is renewed, by the store's clock. */
      readonly expiresIn: number
    }
  | {
      readonly acquired: false
      /**
       * - `paused`: the subscription is
       * - `repartitioning`: the number of partitions is changing, and this one has nothing to do before it has changed
       * - `no-such-partition`: there are fewer partitions
       */
      readonly why: 'paused' | 'repartitioning' | 'no-such-partition'
    }

export interface Checkpoint extends PartitionName {
  /** The last position that is finished. */
  readonly checkpoint: number
  readonly owner: string | undefined
  readonly epoch: number
  /** Milliseconds until the lease expires, by the store's clock; undefined where nobody holds it. */
  readonly leaseExpiresIn: number | undefined
}
