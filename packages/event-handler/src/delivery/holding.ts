import { setMaxListeners } from 'node:events'
import { type EventStore, hasCode, type Lease, type Logger, type Runtime } from '@writ/event-store'
import { type Checkpointing, type CheckpointOptions, checkpointing } from '../definition/checkpointing.js'
import { backOff, type ErrorPolicy } from '../definition/error-policy.js'
import type { SubscriptionDefinition } from '../definition/subscription-definition.js'
import { describeError } from '../infrastructure-error.js'
import type { HeldLease } from '../leasing/held-lease.js'
import { partitionOf } from '../leasing/partition-of.js'
import type { Report } from '../subscription-status.js'
import { Interruption } from './interruption.js'
import type { Partition } from './own-events.js'

const OUTAGE = { first: 50, longest: 1_000 }

/** What follows for a subscription that does not say so itself. */
export interface CommonOptions {
  readonly onError: ErrorPolicy
  readonly checkpoint: CheckpointOptions
}

/** The time for which a subscription holds its lease: everything that it does meanwhile goes by this. */
export class Holding {
  private readonly hurry = new AbortController()
  private ended: Interruption | undefined
  /** What the handlers of this run share, if the definition makes something for them. */
  state: unknown
  /** When its checkpoint is stored. */
  readonly checkpointing: Checkpointing

  constructor(
    readonly definition: SubscriptionDefinition,
    readonly own: Partition,
    private readonly held: HeldLease,
    readonly store: EventStore,
    readonly runtime: Runtime,
    readonly logger: Logger,
    readonly report: Report,
    private readonly common: CommonOptions,
  ) {
    // As many handlers as run at a time listen to it, and pause by it; Node would take more than ten for a leak.
    setMaxListeners(0, this.hurry.signal)
    this.checkpointing = checkpointing(definition, common.checkpoint)
  }

  get onError(): ErrorPolicy {
    return this.definition.onError ?? this.common.onError
  }

  /** Whether events of a sequence are delivered under this lease. */
  isOwn(sequence: string): boolean {
    const { partition, partitions } = this.own
    return partitions === 1 || partitionOf(sequence, partitions) === partition
  }

  get lease(): Lease {
    return this.held.lease
  }

  /** For handlers: aborts when the lease is lost or the subscription is asked to stop. */
  get signal(): AbortSignal {
    return this.hurry.signal
  }

  /** To be called when it is asked to stop, or must. */
  end(interruption: Interruption): void {
    this.ended = interruption
    this.hurry.abort()
  }

  /** To be called when the lease is lost or given up: handlers, pauses and timers that are left need not go on. */
  over(): void {
    this.hurry.abort()
  }

  /**
   * Asked before each event.
   *
   * @returns the monotonic time
   * @throws Interruption when it must not or should not go on
   */
  check(): number {
    const now = this.checkLease()
    if (this.ended) throw this.ended
    return now
  }

  /** @throws Interruption when the lease is gone, also when only its time is up */
  checkLease(): number {
    const now = this.runtime.monotonic()
    if (!this.held.isHeldAt(now)) throw new Interruption('lease-gone')
    return now
  }

  /** @throws Interruption */
  async pause(milliseconds: number): Promise<void> {
    this.check()
    await this.runtime.sleep(milliseconds, this.hurry.signal)
    this.check()
  }

  /**
   * Asks the store until it answers: whatever goes wrong with reading and with a checkpoint alone is the store's failure, never an event's.
   *
   * @throws Interruption
   */
  async untilAnswered<T>(operation: string, ask: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await ask()
        if (attempt > 1) this.recovered(operation)
        return answer
      } catch (error) {
        if (isLeaseGone(error)) throw new Interruption('lease-gone', error)
        await this.outage(operation, attempt, error)
      }
    }
  }

  /** Waits before the store is asked again; the status shows why. */
  async outage(operation: string, attempt: number, error: unknown): Promise<void> {
    this.check()
    this.report.retrying(error)
    const facts = { subscription: this.definition.name, operation, attempt, error: describeError(error) }
    if (attempt === 1) this.logger.warn(facts, 'the store does not answer; trying again until it does')
    else this.logger.debug(facts, 'the store still does not answer')
    await this.pause(backOff(attempt, OUTAGE, this.runtime))
  }

  recovered(operation: string): void {
    this.logger.info({ subscription: this.definition.name, operation }, 'the store answers again')
    this.report.running()
  }
}

/** A checkpoint that someone else has moved means the same as a lost lease: read it anew. */
export function isLeaseGone(error: unknown): boolean {
  return hasCode(error, 'lease-lost') || hasCode(error, 'checkpoint-behind')
}
