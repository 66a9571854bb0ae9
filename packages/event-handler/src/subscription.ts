// One subscription in one process. Its life is this diagram:
//
//   standby ── the lease is given ──▶ following the log ── asked to end ──▶ finished
//      ▲                                  │    └── its error policy says stop ──▶ stopped
//      └── the lease is gone or in doubt ─┘
//
// The lease says who may follow; its epoch fences everyone before. What is not stored when the lease is gone is dropped: whoever is
// given the lease next begins at the stored checkpoint.

import type { EventStore, EventTypes, LogRewoundError } from '@writ/event-store'
import type { SubscriptionDefinition } from './definition/subscription-definition.js'
import { Following } from './delivery/following.js'
import { Holding } from './delivery/holding.js'
import { Interruption } from './delivery/interruption.js'
import { describeError } from './infrastructure-error.js'
import type { CheckpointWatch } from './leasing/checkpoint-watch.js'
import type { HeldLease, Leasing } from './leasing/held-lease.js'
import { type Given, Standby } from './leasing/standby.js'
import { Patience } from './patience.js'
import type { LogReader } from './reading/log-reader.js'
import { Report, type SubscriptionStatus } from './subscription-status.js'
import { Reached } from './waiting/reached.js'

/** What all subscriptions of a process share. */
export interface Surroundings extends Leasing {
  readonly store: EventStore
  readonly types: EventTypes
  readonly reader: LogReader
  readonly watch: CheckpointWatch
  /** Called when a subscription has ceased to run here. */
  onLeft(): void
}

export class Subscription {
  /** How far it is known to have come, here or elsewhere. */
  readonly reached = new Reached()
  /** Under which types the events that it handles are stored. */
  readonly storedTypes: ReadonlySet<string>
  private readonly report = new Report()
  private readonly ending = new AbortController()
  private readonly patience: Patience
  private readonly standby: Standby
  private current: { readonly holding: Holding; readonly following: Following } | undefined
  private owner: string
  private doubts = 0
  /** Why it has to stop without being asked to. */
  private lost: LogRewoundError | undefined
  private running: Promise<void> = Promise.resolve()

  constructor(
    readonly definition: SubscriptionDefinition,
    private readonly surroundings: Surroundings,
  ) {
    this.owner = surroundings.owner
    this.storedTypes = surroundings.types.storedTypesOf(definition.handlers.keys())
    this.patience = new Patience(surroundings.runtime)
    this.standby = new Standby(definition.name, surroundings.watch, this.report, this.patience, this.ending.signal)
  }

  /** Makes sure that the store knows it: from now on events wait for it. */
  async register(): Promise<void> {
    const { name, startFrom } = this.definition
    const { store } = this.surroundings
    const startAfter = startFrom === 'origin' ? 0 : startFrom === 'current' ? (await store.head()).position : startFrom
    await store.checkpoints.register({ name, startAfter })
  }

  start(): void {
    this.running = this.live()
  }

  /** Lets the handler at work finish, stores the checkpoint, gives the lease back. */
  async stop(): Promise<void> {
    this.end()
    await this.running
  }

  /** The log was rewound: it stops, and says so. */
  abandon(error: LogRewoundError): void {
    this.lost = error
    this.end()
  }

  /** Whether it follows the log in this process. */
  get isRunningHere(): boolean {
    return this.current !== undefined
  }

  get isStopped(): boolean {
    return this.report.state === 'stopped'
  }

  get status(): SubscriptionStatus {
    const { reached, report, current, definition, surroundings } = this
    return report.status(definition.name, surroundings.reader.head, reached.position, current?.following.trouble)
  }

  private async live(): Promise<void> {
    while (!this.ending.signal.aborted) {
      const given = await this.standby.untilGiven({ ...this.surroundings, owner: this.owner }, () => this.lose())
      if (!given) break
      const way = await this.follow(given)
      if (way === 'given-up') return
    }
    this.report.stopped(this.lost)
  }

  private end(): void {
    this.ending.abort()
    this.current?.holding.end(this.interruption)
    this.current?.following.wake()
  }

  private get interruption(): Interruption {
    return this.lost ? new Interruption('given-up', this.lost) : new Interruption('ending')
  }

  /** Follows the log until something interrupts it; what that is decides where its life goes on. */
  private async follow({ lease, checkpoint }: Given): Promise<Interruption['reason']> {
    const { definition, report, reached } = this
    const { store, types, runtime, logger, reader, onLeft } = this.surroundings
    const holding = new Holding(definition, lease, store, runtime, logger, report)
    const following = new Following(holding, reader, types, checkpoint, (position) => {
      this.patience.progress()
      reached.moveTo(position)
    })
    this.current = { holding, following }
    if (this.ending.signal.aborted) holding.end(this.interruption)
    report.checkpoint = checkpoint
    report.heldBy = lease.lease.owner
    reached.moveTo(checkpoint)
    logger.info({ checkpoint, ...lease.lease }, 'the subscription runs here')
    const interruption = await following.run().catch((error: unknown) => interruptionBy(error))
    holding.over()
    following.leave()
    await this.leave(interruption, lease, following)
    onLeft()
    return interruption.reason
  }

  private async leave({ reason, cause }: Interruption, lease: HeldLease, following: Following): Promise<void> {
    const { report, ending, definition } = this
    const { logger } = this.surroundings
    const facts = {
      subscription: definition.name,
      checkpoint: report.checkpoint,
      ...(cause !== undefined && { error: describeError(cause) }),
    }
    this.current = undefined
    switch (reason) {
      case 'ending':
        await this.saveLast(following)
        await this.giveBack(lease)
        return
      case 'given-up':
        await this.giveBack(lease)
        report.stopped(cause)
        logger.error(facts, 'the subscription has stopped: it handles nothing until it is started again')
        return
      case 'lease-gone':
        report.standby(undefined)
        logger.warn(facts, 'the lease is lost; what was not stored is dropped')
        await this.giveBack(lease)
        break
      case 'lease-in-doubt':
        report.retrying(cause)
        logger.warn(facts, 'a transaction was not answered for; taking the lease anew to learn its fate')
        // To one and the same owner the store would give the old epoch again, which fences nothing.
        if (!(await this.giveBack(lease))) this.owner = `${this.surroundings.owner}+${++this.doubts}`
    }
    await this.patience.failed(ending.signal)
  }

  /** The lease is lost. A handler may still be at work; what it does from now on does not count. */
  private lose(): void {
    const { current } = this
    if (!current) return
    this.current = undefined
    this.report.standby(undefined)
    current.holding.over()
    current.following.wake()
    this.surroundings.onLeft()
  }

  private async saveLast(following: Following): Promise<void> {
    try {
      await following.saveLast()
    } catch (error) {
      const facts = { subscription: this.definition.name, error: describeError(error) }
      this.surroundings.logger.warn(
        facts,
        'the last checkpoint could not be stored; what came after the one before will come again',
      )
    }
  }

  /** Tries as long as the lease lasts: after that, whoever asks gets it. */
  private async giveBack(lease: HeldLease): Promise<boolean> {
    const { runtime, logger } = this.surroundings
    const patience = new Patience(runtime)
    for (;;) {
      const isLastTry = this.ending.signal.aborted || !lease.isHeldAt(runtime.monotonic())
      try {
        await lease.release()
        return true
      } catch (error) {
        if (isLastTry) {
          const facts = { subscription: this.definition.name, error: describeError(error) }
          logger.warn(facts, 'the lease could not be given back; others have to wait until it expires')
          return false
        }
      }
      await patience.failed(this.ending.signal)
    }
  }
}

/** Whatever is no interruption is an error that nobody foresaw: it stops the subscription. */
function interruptionBy(error: unknown): Interruption {
  return error instanceof Interruption ? error : new Interruption('given-up', error)
}
