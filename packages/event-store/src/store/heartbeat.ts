import type { Checkpoint, Lease } from './checkpoints.js'

/** What a process says of itself. */
export interface Heartbeat {
  readonly owner: string
  /** Those that it takes part in, until the same time as the leases; its part in any other ends. */
  readonly subscriptions: readonly string[]
  /** The leases that are renewed, unless another has taken over; under whatever name it has acquired them. */
  readonly leases: readonly Lease[]
  /** From now on, by the store's clock. */
  readonly leaseMilliseconds: number
}

export interface HeartbeatAnswer {
  /** Those that were not renewed: another owner has taken over, or the partition is gone. */
  readonly lost: readonly Lease[]
  /** By name. One that is not known is not among them. */
  readonly subscriptions: readonly SubscriptionView[]
}

/** How a subscription is, as every process sees it. */
export interface SubscriptionView {
  readonly name: string
  /** How many partitions there are. */
  readonly partitions: number
  /** The owners that take part at this moment, the asking one included; those that have done so for longest first. */
  readonly members: readonly string[]
  readonly isPaused: boolean
  /** A change of the number of partitions that is under way. */
  readonly change: PartitionChange | undefined
  /** One a partition, in their order. */
  readonly checkpoints: readonly Checkpoint[]
  /** How many events are parked, counted up to {@link MOST_COUNTED}: every process asks this every now and then. */
  readonly parked: number
}

/** Where a heartbeat ceases to count what is parked. */
export const MOST_COUNTED = 10_000

export interface PartitionChange {
  /** How many partitions there will be. */
  readonly to: number
  /** The barrier; undefined as long as leases are held from before the change. */
  readonly upTo: number | undefined
}
