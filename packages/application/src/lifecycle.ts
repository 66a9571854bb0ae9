import { ApplicationNotRunningError, StopTimedOutError } from './errors.js'
import type { Parts } from './parts.js'
import { forgetOldReceipts, RECEIPTS_KEPT } from './receipt-retention.js'
import { isOfAnother, ownStore } from './store-owners.js'

export type ApplicationState = 'created' | 'starting' | 'running' | 'stopping' | 'stopped'

interface LifecycleOptions {
  /** Milliseconds that a stop may take; 10,000 by default. */
  readonly stopTimeout?: number | undefined
  /** Milliseconds; 30 days by default. */
  readonly keepReceipts?: number | undefined
}

/** From its making to its end: in which order an application begins and stops, and what it finishes before. */
export class Lifecycle {
  private current: ApplicationState = 'created'
  private starting: Promise<void> | undefined
  private stopping: Promise<void> | undefined
  /** How many commands and transactions from outside are under way. */
  private underWay = 0
  private answered: (() => void) | undefined
  private readonly ending = new AbortController()
  private forgetting: Promise<void> | undefined
  private log = ''
  private disown: (() => void) | undefined

  constructor(
    private readonly parts: Parts,
    private readonly options: LifecycleOptions,
    /** Ends what rests on the application. */
    private readonly discardBranches: () => Promise<void>,
  ) {}

  get state(): ApplicationState {
    return this.current
  }

  /** The log's, from the start on. */
  get incarnation(): string {
    return this.log
  }

  /** @throws ApplicationNotRunningError before the start and from the stop on */
  check(operation: string): void {
    if (this.current !== 'running') throw this.notRunning(operation)
  }

  /** Something from outside begins that a stop waits for; `ended` is owed, or one of the two below. */
  begun(): void {
    this.underWay++
  }

  ended(): void {
    if (--this.underWay === 0) this.answered?.()
  }

  // Made once, and not for each command.
  readonly succeeded = <T>(reply: T): T => {
    this.ended()
    return reply
  }
  readonly failed = (error: unknown): never => {
    this.ended()
    throw error
  }

  start(): Promise<void> {
    if (this.current === 'stopping' || this.current === 'stopped')
      return Promise.reject(this.notRunning('start again; create another one'))
    this.starting ??= this.begin()
    return this.starting
  }

  stop(): Promise<void> {
    this.stopping ??= this.end()
    return this.stopping
  }

  private async begin(): Promise<void> {
    const { name, store, writing, subscriptions, projections, runtime, logger } = this.parts
    this.current = 'starting'
    try {
      this.disown = ownStore(store, this.parts)
      await writing.start()
      this.log = (await store.head()).incarnation
      await projections.begin()
      await subscriptions.start()
      await projections.follow()
    } catch (error) {
      this.starting = undefined
      this.leaveStore()
      if (this.current === 'starting') this.current = 'created'
      throw error
    }
    if (this.current === 'starting') this.current = 'running'
    const { keepReceipts: keep = RECEIPTS_KEPT } = this.options
    this.forgetting = forgetOldReceipts({ store, runtime, logger, keep }, this.ending.signal)
    logger.info({ application: name, adapter: store.adapter }, 'application started')
  }

  private async end(): Promise<void> {
    const { name, runtime, logger } = this.parts
    const { stopTimeout = 10_000 } = this.options
    const started = this.starting
    this.current = 'stopping'
    let step = 'finishing its start'
    const timer = new AbortController()
    const timedOut = runtime.sleep(stopTimeout, timer.signal).then(() => {
      if (!timer.signal.aborted) throw new StopTimedOutError(name, step, stopTimeout)
    })
    try {
      await Promise.race([this.endInSteps(started, (next) => (step = next)), timedOut])
      logger.info({ application: name }, 'application stopped')
    } finally {
      timer.abort()
      this.leaveStore()
      this.current = 'stopped'
    }
  }

  private async endInSteps(started: Promise<void> | undefined, next: (step: string) => void): Promise<void> {
    const { store, composition, aggregates, otherStores, router, subscriptions, projections, logger } = this.parts
    // A start that fails has told its caller; here it only has to be over.
    await started?.catch((error: unknown) => logger.warn({ error }, 'stopped while the start was failing'))
    next('discarding branches')
    await this.discardBranches()
    next('finishing commands')
    if (this.underWay > 0) await new Promise<void>((resolve) => (this.answered = resolve))
    next('finishing handlers')
    await projections.stop()
    await subscriptions.stop()
    // Only now: process managers among the handlers dispatch commands of their own.
    await router.stop()
    next('finishing aggregates')
    await aggregates.stop()
    await otherStores.stop()
    next('closing the store')
    this.ending.abort()
    await this.forgetting
    if (!isOfAnother(store, this.parts)) await store.stop()
    next('releasing injected services')
    await composition.container.unbindAllAsync()
  }

  private leaveStore(): void {
    this.disown?.()
    this.disown = undefined
  }

  private notRunning(operation: string): ApplicationNotRunningError {
    return new ApplicationNotRunningError(this.parts.name, this.current === 'created' ? 'not started' : this.current, operation)
  }
}
