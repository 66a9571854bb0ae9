// For effects in the store itself: a page of events and the checkpoint behind it are one transaction; so each event counts exactly once.

import { failpoint, hasCode, type ParkingChanges, type RecordedEvent, type StoreUnavailableError } from '@writ/event-store'
import { backOff } from '../definition/error-policy.js'
import { isInfrastructureError } from '../infrastructure-error.js'
import type { EventPlace } from '../parking/parked-sequences.js'
import type { Parking } from '../parking/parking.js'
import type { ParkingPlan, PutAside } from '../parking/parking-plan.js'
import { Retries, type RetryWay } from '../parking/retries.js'
import { withOwnTables } from '../projections/own-tables.js'
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
/** How often tables are made by a partition that others may be ahead of. */
const MOST_SET_UPS = 6
const SET_UP_AGAIN = { first: 50, longest: 1_000 }

/** How many events are put aside in one transaction, about: a store takes 1,000. */
const MOST_PARKED_AT_ONCE = 500

/** What has gone wrong with the parts of one entry so far. */
interface Trouble {
  readonly attempts: Map<RecordedEvent, Attempts>
  readonly skipped: Set<RecordedEvent>
  readonly aside: Map<RecordedEvent, PutAside>
}

export class TransactionalDelivery implements Delivery, RetryWay {
  private readonly holding: Holding
  private readonly retries: Retries
  private pageSize = FIRST_EVENTS
  /** The event that was handled last, or failed. */
  private atWork: RecordedEvent | undefined

  constructor(
    private readonly parking: Parking,
    private readonly saver: CheckpointSaver,
    private readonly progress: Progress,
    private readonly checkpoint: number,
  ) {
    this.holding = parking.holding
    this.retries = new Retries(parking, this)
  }

  get dueAt(): number {
    return this.retries.dueAt
  }

  /**
   * Makes the projection's tables in a transaction of their own. That it was done shows in the checkpoint: it leaves 0 only afterwards, so
   * at 0 it is done (again), and beyond it never. Nothing else needs to be kept, and tables are there before the first event is.
   */
  async prepare(): Promise<void> {
    const { holding, checkpoint } = this
    const { setUp } = holding.definition
    if (!setUp || checkpoint > 0) return
    for (let attempt = 1; ; attempt++) {
      try {
        await this.transaction(0, async (transaction) => {
          await setUp(transaction)
        })
        return
      } catch (error) {
        if (Interruption.is(error)) throw error
        // Partitions that begin at once make the same tables at once: only one of them is first, and the others find them there afterwards.
        if (holding.own.partitions === 1 || attempt === MOST_SET_UPS) throw new Interruption('given-up', error)
        await holding.pause(backOff(attempt, SET_UP_AGAIN, holding.runtime))
      }
    }
  }

  check(): number {
    return this.holding.check()
  }

  async work(): Promise<void> {
    if (this.holding.runtime.monotonic() >= this.retries.dueAt) await this.retries.look()
  }

  decided(): void {
    this.retries.wake()
  }

  async end(): Promise<void> {}

  async deliver({ entries, upTo }: Portion): Promise<void> {
    for (let done = 0; done < entries.length; ) {
      if (this.holding.check() >= this.retries.dueAt) await this.retries.look()
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

  async retry(event: RecordedEvent, attempts: Attempts): Promise<'done' | 'skip' | PutAside> {
    const unpark = this.parking.sequences
      .ofEvent(event)
      .map((sequence) => ({ sequence, position: event.position, part: event.part }))
    for (;;) {
      try {
        await this.transaction(
          this.saver.checkpoint,
          (transaction) => this.applyOne(event, attempts.attempt, this.contextsOf(transaction)),
          { unpark },
        )
        break
      } catch (error) {
        const outcome = await attempts.failed(error)
        if (outcome !== 'again') return outcome
      }
    }
    this.parking.remove(event)
    return 'done'
  }

  unpark(place: EventPlace): Promise<void> {
    this.saver.unpark(this.parking.remove(place))
    return this.saver.save()
  }

  async parkAgain(event: RecordedEvent, aside: PutAside): Promise<void> {
    const events = this.parking.eventsAgain(event, aside)
    this.saver.park(events)
    await this.saver.save()
    this.parking.add(events)
  }

  isUnsaved(): boolean {
    return false
  }

  async save(): Promise<void> {}

  private async handlePage(page: readonly LogEntry[]): Promise<void> {
    const began = this.holding.runtime.monotonic()
    try {
      const plan = this.planOf(page)
      if (plan.park.length > MOST_PARKED_AT_ONCE && page.length > 1) return this.handleHalves(page)
      await this.commit(page, plan)
      this.learnPageSize(page.length, this.holding.runtime.monotonic() - began)
    } catch (error) {
      if (page.length === 1) return this.handleOne(page[0]!, error)
      if (Interruption.is(error) && error.reason !== 'given-up') throw error
      // The page is rolled back. One by one, only the event that fails is held up.
      for (const entry of page) await this.handleOne(entry)
    }
  }

  private async handleHalves(page: readonly LogEntry[]): Promise<void> {
    const half = Math.ceil(page.length / 2)
    await this.handlePage(page.slice(0, half))
    await this.handlePage(page.slice(half))
  }

  private async handleOne(entry: LogEntry, failure?: unknown): Promise<void> {
    const events = eventsFor(this.holding.definition, entry)
    const trouble: Trouble = { attempts: new Map(), skipped: new Set(), aside: new Map() }
    let error = failure
    for (;;) {
      if (error !== undefined) await this.follow(error, events, trouble)
      this.holding.check()
      try {
        await this.commit([entry], this.planOf([entry], trouble), trouble)
        break
      } catch (thrown) {
        error = thrown ?? new Error('A handler threw nothing.')
      }
    }
    for (const attempts of trouble.attempts.values()) attempts.over()
    this.progress(entry.position)
  }

  /** Waits as long as the error or the policy wants; then the entry is tried again, without what is skipped or put aside. */
  private async follow(error: unknown, events: readonly RecordedEvent[], { attempts, skipped, aside }: Trouble): Promise<void> {
    const failed = events.find((event) => event === this.atWork) ?? events[0]!
    const tried = attempts.get(failed) ?? new Attempts(failed, this.holding)
    attempts.set(failed, tried)
    const next = await tried.failed(error)
    if (next === 'skip') skipped.add(failed)
    else if (next !== 'again') aside.set(failed, next)
  }

  private planOf(page: readonly LogEntry[], trouble?: Trouble): ParkingPlan {
    const events = page.flatMap((entry) => eventsFor(this.holding.definition, entry))
    if (!trouble) return this.parking.plan(events)
    return this.parking.plan(
      events.filter((event) => !trouble.skipped.has(event)),
      (event) => trouble.aside.get(event),
    )
  }

  private async commit(page: readonly LogEntry[], { handle, park }: ParkingPlan, trouble?: Trouble): Promise<void> {
    const { position } = page.at(-1)!
    this.parking.admit(park.length)
    this.atWork = undefined
    if (handle.length > 0) {
      await this.transaction(position, (transaction) => this.apply(handle, trouble, transaction), { park })
      this.saver.storedWithEffects(position, this.holding.runtime.monotonic())
    } else {
      this.saver.park(park)
      this.saver.passed(position)
      await this.saver.save()
    }
    this.parking.add(park)
    this.progress(position)
  }

  private async apply(events: readonly RecordedEvent[], trouble: Trouble | undefined, transaction: object): Promise<void> {
    const { definition } = this.holding
    const contexts = this.contextsOf(transaction)
    if (definition.batch && !trouble) {
      this.holding.checkLease()
      return runBatch(definition, definition.batch.handle, contexts.ofBatch(events))
    }
    for (const event of events) {
      this.holding.checkLease()
      await this.applyOne(event, trouble?.attempts.get(event)?.attempt ?? 1, contexts)
    }
  }

  private async applyOne(event: RecordedEvent, attempt: number, contexts: TransactionContexts): Promise<void> {
    const { definition } = this.holding
    this.atWork = event
    const handling = { definition, event, isOver: false }
    try {
      const returned = runHandling(handling, definition.handlers.get(event.type)!, contexts.of(event, attempt))
      if (typeof returned === 'object' && returned !== null) await returned
    } finally {
      handling.isOver = true
    }
  }

  private contextsOf(transaction: object): TransactionContexts {
    const { definition, signal, state } = this.holding
    return new TransactionContexts(transaction, definition.name, signal, state)
  }

  /**
   * A transaction that certainly had no effect is tried again when the store is back. One that may have been committed, or may be at this
   * very moment, could count its events twice: so the lease is taken anew. Its new epoch fences what is still under way, and with it comes
   * the true checkpoint.
   *
   * @throws Interruption, or whatever the effect throws
   */
  private async transaction(
    position: number,
    effect: (transaction: object) => Promise<void>,
    changes?: ParkingChanges,
  ): Promise<void> {
    const { holding } = this
    const { readModel } = holding.definition
    for (let attempt = 1; ; attempt++) {
      try {
        await holding.store.checkpoints.advanceWith(
          holding.lease,
          position,
          async (transaction) => {
            await effect(readModel ? withOwnTables(transaction, readModel) : transaction)
            failpoint('subscription.beforeCommit')
          },
          changes,
        )
        failpoint('subscription.afterCommit')
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
