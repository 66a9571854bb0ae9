import { RowDeadlockError } from '@writ/event-store'

/** Which transaction has which row to itself, and who waits for it. */
export class RowLocks {
  private readonly holders = new Map<string, object>()
  private readonly waiting = new Map<string, (() => void)[]>()
  /** What each waiting transaction waits for. */
  private readonly wanted = new Map<object, string>()

  /**
   * Resolves when the row is the transaction's own, to the end of it.
   *
   * @throws RowDeadlockError where those who hold it wait for this one
   */
  async take(row: string, transaction: object): Promise<void> {
    while (this.holders.has(row) && this.holders.get(row) !== transaction) {
      this.refuseCircle(row, transaction)
      this.wanted.set(transaction, row)
      await new Promise<void>((resolve) => this.waitersFor(row).push(resolve))
      this.wanted.delete(transaction)
    }
    this.holders.set(row, transaction)
  }

  giveBack(transaction: object): void {
    for (const [row, holder] of this.holders) {
      if (holder !== transaction) continue
      this.holders.delete(row)
      const waiters = this.waitersFor(row)
      this.waiting.delete(row)
      for (const wake of waiters) wake()
    }
  }

  private waitersFor(row: string): (() => void)[] {
    const waiters = this.waiting.get(row) ?? []
    this.waiting.set(row, waiters)
    return waiters
  }

  private refuseCircle(row: string, transaction: object): void {
    let wanted: string | undefined = row
    while (wanted !== undefined) {
      const holder: object | undefined = this.holders.get(wanted)
      if (holder === undefined) return
      if (holder === transaction) throw new RowDeadlockError(row)
      wanted = this.wanted.get(holder)
    }
  }
}
