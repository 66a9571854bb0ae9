/** Someone who waits for a subscription to come to a position. */
export interface Waiter {
  readonly position: number
  arrived(): void
}

/** How far a subscription is known to have come, wherever it runs, and who waits for more. */
export class Reached {
  /** Where the partition that is furthest behind is. */
  position = 0
  readonly waiters = new Set<Waiter>()
  /** One a partition. */
  private positions: number[] = [0]

  /** There are so many partitions now; those that were not there before start at a position. */
  resize(partitions: number, position: number): void {
    if (partitions === this.positions.length) return
    this.positions = Array.from({ length: partitions }, (_, partition) => this.positions[partition] ?? position)
    this.review()
  }

  /** Where a partition is. */
  of(partition: number): number {
    return this.positions[partition] ?? 0
  }

  moveTo(partition: number, position: number): void {
    const before = this.positions[partition]
    if (before === undefined || position <= before) return
    this.positions[partition] = position
    if (before === this.position) this.review()
  }

  /** A partition was sent back, or on. */
  setTo(partition: number, position: number): void {
    if (partition >= this.positions.length) return
    this.positions[partition] = position
    this.review()
  }

  private review(): void {
    const position = this.positions.length === 1 ? this.positions[0]! : Math.min(...this.positions)
    const hasMoved = position > this.position
    this.position = position
    if (!hasMoved || this.waiters.size === 0) return
    for (const waiter of this.waiters) {
      if (waiter.position > position) continue
      this.waiters.delete(waiter)
      waiter.arrived()
    }
  }
}
