import type { Lease } from '@writ/event-store'

/**
 * A lease while it is held, by its holder's own reckoning.
 *
 * The holder counts from before it asked, by a clock that never runs back; so its time is up before the store's is. A process that was
 * stopped or blocked finds its time past and does nothing more; what it has under way is fenced by the lease's epoch.
 */
export class HeldLease {
  private isLost = false

  constructor(
    readonly lease: Lease,
    private validUntil: number,
    private readonly onLost: () => void,
  ) {}

  /** Whether it is held at this moment. */
  isHeldAt(monotonic: number): boolean {
    return monotonic < this.validUntil && !this.isLost
  }

  /** @param until in monotonic milliseconds */
  renewed(until: number): void {
    this.validUntil = until
  }

  lose(): void {
    if (this.isLost) return
    this.isLost = true
    this.onLost()
  }
}
