import { CapabilityMissingError } from '@writ/event-store'

/**
 * What work in a transaction gets here: nothing to write to but memory of its own.
 *
 * A projection that asks for `sql` has been given the wrong store, and is told so at the first use.
 */
export class InMemoryTransaction {
  private readonly undoes: (() => void)[] = []

  /**
   * Says how to take back what the work has changed in its own objects, should the transaction not be committed; called in reverse order.
   *
   * @example onRollback(() => rows.delete(account))
   */
  onRollback(undo: () => void): void {
    this.undoes.push(undo)
  }

  get sql(): never {
    throw new CapabilityMissingError(
      'memory',
      'SQL',
      'Run what asks for it on PostgreSQL; in memory, a projection keeps its rows in an object of its own, and a transaction by `rows`.',
    )
  }

  /** Called by the store where nothing was committed. */
  rollBack(): void {
    this.undo(0)
  }

  /** Carries out a part of the work, and takes back what it says how to take back, should it fail. */
  async undoing<T>(work: () => Promise<T>): Promise<T> {
    const before = this.undoes.length
    try {
      return await work()
    } catch (error) {
      this.undo(before)
      throw error
    }
  }

  private undo(from: number): void {
    for (const undo of this.undoes.splice(from).reverse()) undo()
  }
}

/** Carries out work, and takes back what it says how to take back, should it fail. */
export async function undoable<T>(work: (transaction: InMemoryTransaction) => Promise<T>): Promise<T> {
  const transaction = new InMemoryTransaction()
  try {
    return await work(transaction)
  } catch (error) {
    transaction.rollBack()
    throw error
  }
}
