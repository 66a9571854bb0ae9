import type { Acquisition, Checkpoints, Lease, Logger, PartitionName, Runtime, SubscriptionView } from '@writ/event-store'
import { backOff } from '../definition/error-policy.js'
import { describeError } from '../infrastructure-error.js'
import { HeldLease } from './held-lease.js'

const RETRY = { first: 20, longest: 500 }

/** What a process asks for leases with. */
export interface Leasing {
  readonly checkpoints: Checkpoints
  readonly owner: string
  readonly leaseMilliseconds: number
  readonly runtime: Runtime
  readonly logger: Logger
}

/** Whose heart it is. */
export interface Body {
  /** The names of the subscriptions that the process takes part in. */
  subscriptions(): readonly string[]
  /** Told after each beat how they are; one that is not among them is not known to the store. */
  see(views: ReadonlyMap<string, SubscriptionView>): void
  /** Told when a beat has failed. */
  failed(error: unknown): void
}

/** A lease that was given, and held from then on. */
export type Given = Extract<Acquisition, { acquired: true }> & { readonly held: HeldLease }

export type Answer = Given | Extract<Acquisition, { acquired: false }>

/**
 * The heartbeat of a process: one for all that it takes part in and all leases that it holds, at a third of their time, or sooner when
 * there is something to learn. A lease whose time is up, for beats have failed or the process was stopped, is lost.
 */
export class Heart {
  private readonly held = new Set<HeldLease>()
  private readonly ending = new AbortController()
  private nap = new AbortController()
  private isDue = false
  private failures = 0
  private beating: Promise<void> = Promise.resolve()

  constructor(
    private readonly leasing: Leasing,
    private readonly body: Body,
  ) {}

  start(): void {
    this.beating = this.keepBeating()
  }

  /** Ends the process's part in everything: nothing of it is counted on any more. */
  async stop(): Promise<void> {
    this.ending.abort()
    this.nap.abort()
    await this.beating
    const { checkpoints, owner, logger } = this.leasing
    try {
      await checkpoints.leave(owner)
    } catch (error) {
      logger.debug(
        { error: describeError(error) },
        'the others could not be told of the end; they learn it when the lease expires',
      )
    }
  }

  /** The next beat comes at once. */
  soon(): void {
    this.isDue = true
    this.nap.abort()
  }

  async acquire(partition: PartitionName, owner: string, onLost: () => void): Promise<Answer> {
    const { checkpoints, leaseMilliseconds, runtime } = this.leasing
    const asked = runtime.monotonic()
    const answer = await checkpoints.acquire(partition, owner, leaseMilliseconds)
    if (!answer.acquired) return answer
    const held = new HeldLease(answer.lease, asked + leaseMilliseconds, onLost)
    this.held.add(held)
    return { ...answer, held }
  }

  /** Gives a lease back, so that the next owner need not wait for it to expire. */
  async release(held: HeldLease): Promise<void> {
    this.held.delete(held)
    await this.leasing.checkpoints.release(held.lease)
  }

  private async keepBeating(): Promise<void> {
    const { runtime, leaseMilliseconds } = this.leasing
    while (!this.ending.signal.aborted) {
      this.nap = new AbortController()
      this.isDue = false
      const hasAnswer = await this.beat()
      const pause = hasAnswer ? leaseMilliseconds / 3 : backOff(this.failures, RETRY, runtime)
      // A failed beat is not hurried by whoever would like to know: the store has enough to do.
      if (this.ending.signal.aborted || (this.isDue && hasAnswer)) continue
      await runtime.sleep(pause, hasAnswer ? this.nap.signal : this.ending.signal)
    }
  }

  private async beat(): Promise<boolean> {
    const { checkpoints, owner, leaseMilliseconds, runtime } = this.leasing
    const asked = runtime.monotonic()
    this.loseExpired(asked)
    const renewed = [...this.held]
    const leases = renewed.map(({ lease }) => lease)
    try {
      const answer = await checkpoints.heartbeat({ owner, subscriptions: this.body.subscriptions(), leases, leaseMilliseconds })
      for (const held of renewed) {
        if (answer.lost.some((lost) => isSame(lost, held.lease))) this.lose(held)
        else held.renewed(asked + leaseMilliseconds)
      }
      this.recovered()
      this.body.see(new Map(answer.subscriptions.map((view) => [view.name, view])))
      return true
    } catch (error) {
      this.failed(error)
      this.loseExpired(runtime.monotonic())
      return false
    }
  }

  private failed(error: unknown): void {
    if (++this.failures === 1) {
      const facts = { leases: this.held.size, error: describeError(error) }
      this.leasing.logger.warn(facts, 'the heartbeat was not answered; trying again, and leases are kept while they last')
    }
    this.body.failed(error)
  }

  private recovered(): void {
    if (this.failures > 0) this.leasing.logger.info({}, 'the heartbeat is answered again')
    this.failures = 0
  }

  private loseExpired(now: number): void {
    for (const held of this.held) if (!held.isHeldAt(now)) this.lose(held)
  }

  private lose(held: HeldLease): void {
    this.held.delete(held)
    held.lose()
  }
}

function isSame(one: Lease, other: Lease): boolean {
  return (
    one.subscription === other.subscription &&
    one.partition === other.partition &&
    one.owner === other.owner &&
    one.epoch === other.epoch
  )
}
