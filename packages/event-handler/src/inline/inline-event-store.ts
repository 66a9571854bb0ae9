// A store whose appends carry inline projections with them: handlers first, and the events as the last step of one transaction. An
// append that concerns none of them goes its fast way, with others in one batch.

import {
  type Append,
  type Appended,
  type AppendListener,
  type AppendsTogether,
  CollectedAppends,
  type Committed,
  checkAppends,
  DomainError,
  type EventStore,
  type EventTypes,
  hasCode,
  type LogRewoundError,
  type ReadAllOptions,
  type ReadStreamOptions,
  type Runtime,
  type SteeringListener,
  thrownCode,
  type WrongExpectedVersionError,
} from '@writ/event-store'
import { InlineProjectionFailedError } from '../errors/inline-errors.js'
import { isInfrastructureError } from '../infrastructure-error.js'
import { type FailedHandler, InlineHandlers } from './inline-handlers.js'
import type { InlineProjectionDefinition } from './inline-projection.js'

/** How often an append is tried that the database gave up in favour of another. */
const MOST_ATTEMPTS = 20

export interface InlineEventStoreOptions {
  /** Those whose handlers run, in this order for each event. */
  readonly projections: readonly InlineProjectionDefinition[]
  readonly events: EventTypes
  readonly runtime: Runtime
}

/**
 * Lays inline projections around a store: what is appended through the one that comes back is handled by them in the same transaction.
 *
 * `append` and `appendAll` keep their promises: a conflict is told before what a handler made of it, and a repetition is answered as
 * the first time, with what the handlers did undone. `start` makes the projections' tables.
 */
export function inlineEventStore<Transaction extends object>(
  store: EventStore<Transaction>,
  options: InlineEventStoreOptions,
): EventStore<Transaction> {
  return new InlineEventStore(store, options)
}

class InlineEventStore<Transaction extends object> implements EventStore<Transaction> {
  readonly adapter: string
  readonly within?: NonNullable<EventStore<Transaction>['within']>
  private readonly handlers: InlineHandlers

  constructor(
    private readonly inner: EventStore<Transaction>,
    private readonly options: InlineEventStoreOptions,
  ) {
    this.adapter = inner.adapter
    this.handlers = new InlineHandlers(options.projections, options.events)
    if (inner.within) this.within = (client, work) => this.carryOutWithin(client, work)
  }

  get checkpoints() {
    return this.inner.checkpoints
  }

  get parked() {
    return this.inner.parked
  }

  get projections() {
    return this.inner.projections
  }

  get receipts() {
    return this.inner.receipts
  }

  get snapshots() {
    return this.inner.snapshots
  }

  get streams() {
    return this.inner.streams
  }

  async start(): Promise<void> {
    await this.inner.start()
    for (const { setUp } of this.options.projections) {
      if (setUp)
        await this.untilNotGivenUp(
          () => this.setUp(setUp),
          () => true,
        )
    }
  }

  stop(): Promise<void> {
    return this.inner.stop()
  }

  append(append: Append): Promise<Appended> {
    if (!this.handlers.concern(append)) return this.inner.append(append)
    return this.appendTogether([append]).then(([appended]) => appended!)
  }

  async appendAll(appends: readonly Append[]): Promise<readonly Appended[]> {
    if (!appends.some((append) => this.handlers.concern(append))) return this.inner.appendAll(appends)
    checkAppends(appends)
    return this.appendTogether(appends)
  }

  async transaction<T>(work: (transaction: Transaction & AppendsTogether) => Promise<T>): Promise<Committed<T>> {
    const collected = new CollectedAppends()
    const append = (given: Append) => collected.append(given)
    let result!: T
    let failed: FailedHandler | undefined
    try {
      const { appended } = await this.inner.transaction(async (transaction) => {
        try {
          result = await work(Object.create(transaction, { append: { value: append } }))
        } finally {
          collected.end()
        }
        failed = await this.handlers.handle(collected.merged, transaction)
        if (failed) throw failed.error
        for (const merged of collected.merged) transaction.append(merged)
      })
      return { result, appended: collected.answers(appended) }
    } catch (error) {
      if (!failed || error !== failed.error || isInfrastructureError(error)) throw error
      return { result, appended: collected.answers(await this.answerWithout(collected.merged, failed)) }
    }
  }

  readStream(stream: string, options?: ReadStreamOptions) {
    return this.inner.readStream(stream, options)
  }

  readAll(options?: ReadAllOptions) {
    return this.inner.readAll(options)
  }

  findEvents(ids: readonly string[]) {
    return this.inner.findEvents(ids)
  }

  head() {
    return this.inner.head()
  }

  onAppended(listener: AppendListener): () => void {
    return this.inner.onAppended(listener)
  }

  onSteered(listener: SteeringListener): () => void {
    return this.inner.onSteered(listener)
  }

  onRewound(listener: (error: LogRewoundError) => void): () => void {
    return this.inner.onRewound(listener)
  }

  /** Nothing is answered anew here: the one whose transaction it is rolls it back when a handler fails. */
  private carryOutWithin<T>(client: object, work: (transaction: Transaction & AppendsTogether) => Promise<T>): Promise<T> {
    const collected = new CollectedAppends()
    return this.inner.within!(client, async (transaction) => {
      let result: T
      try {
        result = await work(Object.create(transaction, { append: { value: (given: Append) => collected.append(given) } }))
      } finally {
        collected.end()
      }
      const failed = await this.handlers.handle(collected.merged, transaction)
      if (failed) throw failed.error
      for (const merged of collected.merged) transaction.append(merged)
      return result
    })
  }

  private async appendTogether(appends: readonly Append[]): Promise<readonly Appended[]> {
    const { appended } = await this.untilNotGivenUp(
      () =>
        this.transaction(async ({ append }) => {
          for (const each of appends) append(each)
        }),
      isGivenUp,
    )
    return appended
  }

  /**
   * A handler has failed, and what it did is undone. Perhaps the append would have been refused or repeated anyhow, and the handler
   * stumbled over just that: a row that is there already, say. That is asked of the store itself, by an append that can't succeed.
   *
   * @returns the first answers, of a repetition
   */
  private async answerWithout(appends: readonly Append[], failed: FailedHandler): Promise<readonly Appended[]> {
    const nowhere = `$writ.nowhere-${this.options.runtime.uuid()}`
    try {
      const answers = await this.inner.appendAll([...appends, { stream: nowhere, events: [], expectedVersion: 'stream-exists' }])
      return answers.slice(0, -1)
    } catch (error) {
      if (!hasCode<WrongExpectedVersionError>(error, 'wrong-expected-version') || error.stream !== nowhere) throw error
    }
    if (DomainError.is(failed.error)) throw failed.error
    throw new InlineProjectionFailedError(failed.projection, failed.event, failed.stream, failed.error)
  }

  private async setUp(setUp: (transaction: object) => unknown): Promise<void> {
    await this.inner.transaction(async (transaction) => {
      await setUp(transaction)
    })
  }

  private async untilNotGivenUp<T>(work: () => Promise<T>, isWorthAnother: (error: unknown) => boolean): Promise<T> {
    const { runtime } = this.options
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (attempt === MOST_ATTEMPTS || !isWorthAnother(error)) throw error
        await runtime.sleep(attempt * 5 * (0.5 + runtime.random() / 2))
      }
    }
  }
}

/** A database that is given up in favour of another transaction, by a deadlock say, tells so by an SQLSTATE of class 40. */
function isGivenUp(error: unknown): boolean {
  if (hasCode<InlineProjectionFailedError>(error, 'inline-projection-failed')) return isGivenUp(error.cause)
  const code = thrownCode(error)
  return code === '40P01' || code === '40001'
}
