import { describeError } from './infrastructure-error.js'

/**
 * `starting`: it has not learnt yet whether it is to run here. `standby`: nothing of it runs here, and something may elsewhere. `running`:
 * it handles events here, or waits for them. `retrying`: something of it waits to try again, for the handler or for the store. `paused`: by
 * someone, for all processes. `repartitioning`: its number of partitions is changing. `stopped`: it will handle nothing here until it is
 * started again.
 */
export type SubscriptionState = 'starting' | 'standby' | 'running' | 'retrying' | 'paused' | 'repartitioning' | 'stopped'

/** How a subscription is, as far as this process knows. */
export interface SubscriptionStatus {
  readonly name: string
  readonly state: SubscriptionState
  /** The last position that is stored as finished by all partitions. */
  readonly checkpoint: number
  /** How many positions the log reaches beyond what is finished, in the partition that is furthest behind; positions may have gaps. */
  readonly lag: number
  /** How many events were passed over because their handler failed; counted since the start of this process. */
  readonly skipped: number
  /** How many events are parked: put aside by the error policy, or waiting behind such a one. As each run knows them; of what runs elsewhere as of the last heartbeat, which counts 10,000 at most. */
  readonly parked: number
  /** While it is retrying a handler: how often that has failed on the event. */
  readonly attempt?: number
  /** Why it is retrying or has stopped; without payloads, as far as the error's own message has none. */
  readonly error?: { readonly code?: string; readonly message: string }
  /** Which owner holds all that is held of it; absent when nobody is known to, and when there are several. */
  readonly heldBy?: string
  /** How many partitions run here. */
  readonly here: number
  /** One a partition, in their order; none before the store has told of them. */
  readonly partitions: readonly PartitionStatus[]
  readonly isPaused: boolean
  /** A change of the number of partitions that is under way: to so many, at a position that all have to reach first, once that is known. */
  readonly change?: { readonly to: number; readonly upTo?: number }
}

/** How one partition is, as far as this process knows. */
export interface PartitionStatus {
  /** From 0. */
  readonly partition: number
  /** `standby` where it does not run here. */
  readonly state: 'standby' | 'running' | 'retrying'
  readonly checkpoint: number
  readonly lag: number
  /** Which owner has the lease; absent when nobody is known to. */
  readonly heldBy?: string
  /** Where another owner has the lease: milliseconds for which it lasted when that was seen, unless it is renewed. */
  readonly expiresIn?: number
}

/** What a run writes down of itself. */
export class Report {
  state: 'standby' | 'running' | 'retrying' | 'stopped' = 'standby'
  checkpoint = 0
  skipped = 0
  parked = 0
  attempt: number | undefined
  error: SubscriptionStatus['error']

  running(): void {
    this.become('running')
  }

  standby(): void {
    this.become('standby')
  }

  retrying(error: unknown, attempt?: number): void {
    this.become('retrying', error)
    this.attempt = attempt
  }

  stopped(error?: unknown): void {
    this.become('stopped', error)
  }

  private become(state: Report['state'], error?: unknown): void {
    this.state = state
    this.error = error === undefined ? undefined : statusError(error)
    this.attempt = undefined
  }
}

export function statusError(error: unknown): NonNullable<SubscriptionStatus['error']> {
  const { code, message } = describeError(error)
  return { message, ...(code !== undefined && { code }) }
}
