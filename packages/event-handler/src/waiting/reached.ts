/** Someone who waits for a subscription to come to a position. */
export interface Waiter {
  readonly position: number
  arrived(): void
}

/** How far a subscription is known to have come, wherever it runs, and who waits for more. */
export class Reached {
  position = 0
  readonly waiters = new Set<Waiter>()

  moveTo(position: number): void {
    if (position <= this.position) return
    this.position = position
    if (this.waiters.size === 0) return
    for (const waiter of this.waiters) {
      if (waiter.position > position) continue
      this.waiters.delete(waiter)
      waiter.arrived()
    }
  }
}
