import { CapabilityMissingError, type EventMetadata, InvalidOptionError } from '@writ/event-store'
import type { Parts } from './parts.js'
import { type ApplicationWork, runTransaction, runWithin, type TransactionDependencies } from './run-transaction.js'
import {
  checkTransactionOptions,
  checkWorkOptions,
  type Transacted,
  type TransactionOptions,
  transactionMetadata,
  type WorkOptions,
} from './transaction.js'

/** What `app.transaction` and `app.within` do: work in one transaction of the store, or in one that somebody else commits. */
export class ApplicationTransactions<Transaction extends object> {
  private readonly dependencies: TransactionDependencies<Transaction>
  private readonly running = new Set<Promise<unknown>>()

  constructor(private readonly parts: Parts<Transaction>) {
    const { writing: store, aggregates, router, runtime, composition } = parts
    const { events, routes, aggregates: listed } = composition
    const all = [...listed, ...routes.map(({ aggregate }) => aggregate)]
    const inRows = new Set(all.flatMap(({ category, stored }) => (stored ? [category] : [])))
    this.dependencies = { store, aggregates, router, runtime, events, inRows }
  }

  /** Whether one is under way that commits itself. */
  get underWay(): boolean {
    return this.running.size > 0
  }

  /** Resolves when those that commit themselves are done. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running)
  }

  run<T>(work: ApplicationWork<Transaction, T>, options: TransactionOptions): Promise<Transacted<T>> {
    const running = this.carryOut(work, options)
    this.running.add(running)
    const ended = () => void this.running.delete(running)
    running.then(ended, ended)
    return running
  }

  async within<T>(client: object, work: ApplicationWork<Transaction, T>, options: WorkOptions): Promise<T> {
    checkWork('within', work)
    checkWorkOptions(options)
    const { store, writing } = this.parts
    if (!writing.within)
      throw new CapabilityMissingError(store.adapter, 'transactions of others', 'Use app.transaction, which commits itself.')
    return runWithin(this.dependencies, client, work, this.metadataOf(options))
  }

  private async carryOut<T>(work: ApplicationWork<Transaction, T>, options: TransactionOptions): Promise<Transacted<T>> {
    checkWork('transaction', work)
    checkTransactionOptions(options)
    const { subscriptions, defaults, aggregates } = this.parts
    aggregates.refuseNestedTransaction()
    const { consistency = 'eventual', timeout = defaults.timeout ?? 30_000, retries = 0 } = options
    if (consistency !== 'eventual') subscriptions.checkWait(consistency)
    const transacted = await runTransaction(this.dependencies, work, this.metadataOf(options), retries)
    if (consistency !== 'eventual' && transacted.position > 0)
      await subscriptions.waitFor(transacted.position, consistency, { timeout })
    return transacted
  }

  private metadataOf(options: WorkOptions): EventMetadata {
    const { subscriptions, defaults, runtime } = this.parts
    const depth = subscriptions.causationDepth()
    return transactionMetadata(depth === 0 ? options : { causationDepth: depth, ...options }, defaults, runtime)
  }
}

function checkWork(operation: string, work: unknown): void {
  if (typeof work !== 'function') throw new InvalidOptionError(operation, 'work', 'must be a function of the transaction')
}
