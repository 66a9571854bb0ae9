// For effects in the store itself: a page of events and the checkpoint behind it are one transaction; so each event counts exactly once.

import { hasCode, type RecordedEvent, type StoreUnavailableError } from '@writ/event-store'
import { isInfrastructureError } from '../infrastructure-error.js'
import type { LogEntry, Portion } from '../reading/log-entry.js'
import { Attempts } from './attempts.js'
import type { CheckpointSaver } from './checkpoint-saver.js'
import { type Delivery, eventsFor, type Progress } from './delivery.js'
import { runBatch, runHandling } from './handling.js'
import { type Holding, isLeaseGone } from './holding.js'
import { Interruption } from './interruption.js'
import { TransactionContexts } from './transaction-contexts.js'

/** Milliseconds that a transaction is meant to last at most, and events that it has at most. */
const LONGEST = 100
const MOST_EVENTS = 1_000
const FIRST_EVENTS = 50

/** What has gone wrong with the parts of one entry so far. */
interface Trouble {
  readonly attempts: Map<RecordedEvent, Attempts>
  readonly skipped: Set<RecordedEvent>
}

export class TransactionalDelivery implements Delivery {
  readonly dueAt = Number.POSITIVE_INFINITY
  private pageSize = FIRST_EVENTS
  /** The event that was handled last, or failed. */
  private atWork: RecordedEvent | undefined

  constructor(
    private readonly holding: Holding,
    private readonly saver: CheckpointSaver,
    private readonly progress: Progress,
    private readonly checkpoint: number,
  ) {}

  /**
   * Makes the projection's tables in a transaction of their own. That it was done shows in the checkpoint: it leaves 0 only afterwards, so
   * at 0 it is done (again), and beyond it never. Nothing else needs to be kept, and tables are there before the first event is.
   */
  async prepare(): Promise<void> {
    const { setUp } = this.holding.definition
    if (!setUp || this.checkpoint > 0) return
    try {
      await this.transaction(0, async (transaction) => {
        await setUp(transaction)
      })
    } catch (error) {
      throw error instanceof Interruption ? error : new Interruption('given-up', error)
    }
  }

  check(): number {
    return this.holding.check()
  }

  async work(): Promise<void> {}

  async end(): Promise<void> {}

  async deliver({ entries, upTo }: Portion): Promise<void> {
    for (let done = 0; done < entries.length; ) {
      this.holding.check()
      const page = entries.slice(done, done + (this.holding.definition.batch?.size ?? this.pageSize))
      done += page.length
      const concerning = page.filter((entry) => this.concerns(entry))
      if (concerning.length > 0) await this.handlePage(concerning)
    }
    this.saver.passed(upTo)
    this.progress(upTo)
  }

  /** Read before the transaction begins. What can't be read is told when it is its turn. */
  private concerns(entry: LogEntry): boolean {
    try {
      return eventsFor(this.holding.definition, entry).length > 0
    } catch {
      return true
    }
  }

  private async handlePage(page: readonly LogEntry[]): Promise<void> {
    const began = this.holding.runtime.monotonic()
    try {
      await this.commit(page)
      this.learnPageSize(page.length, this.holding.runtime.monotonic() - began)
    } catch (error) {
      if (page.length === 1) return this.handleOne(page[0]!, error)
      if (error instanceof Interruption && error.reason !== 'given-up') throw error
      // The page is rolled back. One by one, only the event that fails is held up.
      for (const entry of page) await this.handleOne(entry)
    }
  }

  private async handleOne(entry: LogEntry, failure?: unknown): Promise<void> {
    const events = eventsFor(this.holding.definition, entry)
    const trouble: Trouble = { attempts: new Map(), skipped: new Set() }
    let error = failure
    for (;;) {
      if (
        error !== undefined &&
        (await this.verdictOn(error, events, trouble)) === 'skip' &&
        trouble.skipped.size === events.length
      ) {
        this.saver.passed(entry.position)
        await this.saver.save()
        break
      }
      this.holding.check()
      try {
        await this.commit([entry], trouble)
        break
      } catch (thrown) {
        error = thrown ?? new Error('A handler threw nothing.')
      }
    }
    for (const attempts of trouble.attempts.values()) attempts.over()
    this.progress(entry.position)
  }

  private async verdictOn(
    error: unknown,
    events: readonly RecordedEvent[],
    { attempts, skipped }: Trouble,
  ): Promise<'again' | 'skip'> {
    const failed = events.find((event) => event === this.atWork) ?? events[0]!
    const tried = attempts.get(failed) ?? new Attempts(failed, this.holding)
    attempts.set(failed, tried)
    const verdict = await tried.failed(error)
    if (verdict === 'skip') skipped.add(failed)
    return verdict
  }

  private async commit(page: readonly LogEntry[], trouble?: Trouble): Promise<void> {
    const { position } = page.at(-1)!
    this.atWork = undefined
    await this.transaction(position, (transaction) => this.apply(page, trouble, transaction))
    this.saver.storedWithEffects(position, this.holding.runtime.monotonic())
    this.progress(position)
  }

  private async apply(page: readonly LogEntry[], trouble: Trouble | undefined, transaction: object): Promise<void> {
    const { definition, signal } = this.holding
    const contexts = new TransactionContexts(transaction, definition.name, signal)
    if (definition.batch && !trouble) {
      const events = page.flatMap((entry) => eventsFor(definition, entry))
      return runBatch(definition, definition.batch.handle, contexts.ofBatch(events))
    }
    for (const entry of page) {
      this.holding.checkLease()
      for (const event of eventsFor(definition, entry)) {
        if (trouble?.skipped.has(event)) continue
        this.atWork = event
        const attempt = trouble?.attempts.get(event)?.attempt ?? 1
        const handling = { definition, event, isOver: false }
        try {
          const returned = runHandling(handling, definition.handlers.get(event.type)!, contexts.of(event, attempt))
          if (typeof returned === 'object' && returned !== null) await returned
        } finally {
          handling.isOver = true
        }
      }
    }
  }

  /**
   * A transaction that certainly had no effect is tried again when the store is back. One that may have been committed, or may be at this
   * very moment, could count its events twice: so the lease is taken anew. Its new epoch fences what is still under way, and with it comes
   * the true checkpoint.
   *
   * @throws Interruption, or whatever the effect throws
   */
  private async transaction(position: number, effect: (transaction: object) => Promise<void>): Promise<void> {
    const { holding } = this
    for (let attempt = 1; ; attempt++) {
      try {
        await holding.store.checkpoints.advanceWith(holding.lease, position, effect)
        if (attempt > 1) holding.recovered('store effects')
        return
      } catch (error) {
        if (isLeaseGone(error)) throw new Interruption('lease-gone', error)
        if (!isInfrastructureError(error)) throw error
        const isUndone = hasCode<StoreUnavailableError>(error, 'store-unavailable') && !error.mayBeCommitted
        if (!isUndone) throw new Interruption('lease-in-doubt', error)
        await holding.outage('store effects', attempt, error)
      }
    }
  }

  private learnPageSize(events: number, milliseconds: number): void {
    const fitting = Math.floor((events / Math.max(milliseconds, 0.01)) * LONGEST)
    this.pageSize = Math.max(1, Math.min(fitting, this.pageSize * 2, MOST_EVENTS))
  }
}
