import { type Checkpoints, hasCode, type Lease, type Logger, type Runtime } from '@writ/event-store'
import { backOff } from '../definition/error-policy.js'
import { describeError } from '../infrastructure-error.js'

const RETRY = { first: 20, longest: 500 }

/** What a subscription asks for a lease with. */
export interface Leasing {
  readonly checkpoints: Checkpoints
  readonly owner: string
  readonly leaseMilliseconds: number
  readonly runtime: Runtime
  readonly logger: Logger
}

export type Answer =
  | { readonly lease: HeldLease; readonly checkpoint: number }
  | { readonly lease: undefined; readonly heldBy: string; readonly expiresIn: number }

/**
 * A lease while it is held: renewed at a third of its time, and given up by its holder's own reckoning when that fails for too long.
 *
 * The holder counts from before it asked, by a clock that never runs back; so its time is up before the store's is. A process that was
 * stopped or blocked finds its time past and does nothing more; what it has under way is fenced by the lease's epoch.
 */
export class HeldLease {
  private isLost = false
  private readonly over = new AbortController()
  private renewing: Promise<void> = Promise.resolve()

  private constructor(
    readonly lease: Lease,
    private readonly leasing: Leasing,
    private validUntil: number,
    private readonly onLost: () => void,
  ) {}

  static async acquire(subscription: string, leasing: Leasing, onLost: () => void): Promise<Answer> {
    const { checkpoints, owner, leaseMilliseconds, runtime } = leasing
    const asked = runtime.monotonic()
    const answer = await checkpoints.acquire({ subscription, partition: 0 }, owner, leaseMilliseconds)
    if (!answer.acquired) {
      return answer.why === 'held'
        ? { lease: undefined, heldBy: answer.heldBy, expiresIn: answer.expiresIn }
        : { lease: undefined, heldBy: `nobody: ${answer.why}`, expiresIn: leaseMilliseconds }
    }
    const lease = new HeldLease(answer.lease, leasing, asked + leaseMilliseconds, onLost)
    lease.renewing = lease.keepRenewing()
    return { lease, checkpoint: answer.checkpoint }
  }

  /** Whether it is held at this moment. */
  isHeldAt(monotonic: number): boolean {
    return monotonic < this.validUntil && !this.isLost
  }

  /** Gives it back, so that the next owner need not wait for it to expire. */
  async release(): Promise<void> {
    this.over.abort()
    await this.renewing
    await this.leasing.checkpoints.release(this.lease)
  }

  private async keepRenewing(): Promise<void> {
    const { runtime, leaseMilliseconds } = this.leasing
    while (!this.over.signal.aborted) {
      await runtime.sleep(leaseMilliseconds / 3, this.over.signal)
      if (this.over.signal.aborted) return
      if (!(await this.renew())) return this.lose()
    }
  }

  /** Tries until it succeeds, or until it is too late. */
  private async renew(): Promise<boolean> {
    const { checkpoints, runtime, leaseMilliseconds, logger } = this.leasing
    for (let attempt = 1; !this.over.signal.aborted; attempt++) {
      const asked = runtime.monotonic()
      if (!this.isHeldAt(asked)) return false
      try {
        await checkpoints.renew(this.lease, leaseMilliseconds)
        this.validUntil = asked + leaseMilliseconds
        return true
      } catch (error) {
        if (hasCode(error, 'lease-lost')) return false
        const { subscription } = this.lease
        logger.warn(
          { subscription, attempt, error: describeError(error) },
          'the lease could not be renewed; trying again while it lasts',
        )
      }
      await runtime.sleep(backOff(attempt, RETRY, runtime), this.over.signal)
    }
    return true
  }

  private lose(): void {
    this.isLost = true
    this.onLost()
  }
}
