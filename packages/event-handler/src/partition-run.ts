// The life of one partition in this process, from when its lease is given until it is given back or lost:
//
//   following the log ── asked to end, or at a barrier ──▶ what is finished is stored, the lease given back
//          ├── its error policy says stop ──▶ the lease given back
//          └── the lease is gone, or in doubt ──▶ what is not stored is dropped
//
// Whoever is given the lease next begins at the stored checkpoint.

import type { EventStore, EventTypes, Logger, Runtime } from '@writ/event-store'
import type { SubscriptionDefinition } from './definition/subscription-definition.js'
import { Following } from './delivery/following.js'
import type { Halt } from './delivery/halt.js'
import { type CommonOptions, Holding } from './delivery/holding.js'
import { Interruption } from './delivery/interruption.js'
import { describeError } from './infrastructure-error.js'
import type { Given, Heart } from './leasing/heart.js'
import type { HeldLease } from './leasing/held-lease.js'
import { Patience } from './patience.js'
import type { LogReader } from './reading/log-reader.js'
import type { Report } from './subscription-status.js'

/** What a run takes part in. */
export interface RunSurroundings extends CommonOptions {
  readonly store: EventStore
  readonly types: EventTypes
  readonly reader: LogReader
  readonly heart: Heart
  readonly runtime: Runtime
  readonly logger: Logger
}

/** How a run ended. */
export interface RunEnd {
  readonly reason: Interruption['reason']
  readonly cause: unknown
  /** Whether the store knows that the lease is free; otherwise others have to wait until it expires. */
  readonly isGivenBack: boolean
}

export class PartitionRun {
  /** A barrier, where it ends by itself. */
  readonly upTo: number | undefined
  private readonly held: HeldLease
  private readonly holding: Holding
  private readonly following: Following
  private readonly ending = new AbortController()
  private state: 'at-work' | 'lost' | 'over' = 'at-work'

  constructor(
    private readonly definition: SubscriptionDefinition,
    { held, checkpoint, partitions, upTo }: Given,
    readonly report: Report,
    private readonly surroundings: RunSurroundings,
    onProgress: (position: number) => void,
  ) {
    const { store, types, runtime, logger, reader } = surroundings
    const own = { partition: held.lease.partition, partitions }
    this.upTo = upTo
    this.held = held
    this.holding = new Holding(definition, own, held, store, runtime, logger, report, surroundings)
    this.following = new Following(this.holding, reader, types, checkpoint, upTo, onProgress)
    report.checkpoint = checkpoint
  }

  get owner(): string {
    return this.held.lease.owner
  }

  /** Whether it may handle events: its lease is not lost, and it has not finished. */
  get isAtWork(): boolean {
    return this.state === 'at-work'
  }

  get isEnding(): boolean {
    return this.ending.signal.aborted || this.state !== 'at-work'
  }

  /** Why it can't go on, when that is the log reader's trouble. */
  get trouble(): Error | undefined {
    return this.following.trouble
  }

  /**
   * Follows the log until something interrupts it.
   *
   * @param onOver told when no handler is at work any more; the lease may not be given back yet
   */
  async run(onOver: () => void): Promise<RunEnd> {
    const { surroundings, report, held, holding, following } = this
    surroundings.logger.info({ checkpoint: report.checkpoint, ...held.lease }, 'the subscription runs here')
    const interruption = await following.run().catch((error: unknown) => interruptionBy(error))
    holding.over()
    following.leave()
    this.state = 'over'
    onOver()
    const { reason, cause } = interruption
    return { reason, cause, isGivenBack: await this.leave(interruption) }
  }

  /** Whether an event is parked beyond a position, and not beyond another one. */
  hasParked(after: number, upTo: number): boolean {
    return this.following.hasParked(after, upTo)
  }

  /** Carries out work between two portions, under the lease; see Following. */
  between(work: (holding: Holding) => Promise<void>): Promise<void> {
    return this.following.between(work)
  }

  /** Stands still between two portions, until it is let go; see Following. */
  halt(): Promise<Halt> {
    return this.following.halt()
  }

  /** Someone has decided on what is parked. */
  decided(): void {
    this.following.decided()
  }

  /** Lets the handler at work finish; then it ends. */
  end(interruption: Interruption): void {
    this.ending.abort()
    this.holding.end(interruption)
    this.following.wake()
  }

  /** The lease is lost. A handler may still be at work; what it does from now on does not count. */
  lose(): void {
    this.state = 'lost'
    this.report.standby()
    this.holding.over()
    this.following.wake()
  }

  private async leave({ reason, cause }: Interruption): Promise<boolean> {
    const { report, definition } = this
    const { logger } = this.surroundings
    const facts = {
      subscription: definition.name,
      checkpoint: report.checkpoint,
      ...(cause !== undefined && { error: describeError(cause) }),
    }
    switch (reason) {
      case 'ending':
        await this.saveLast()
        return this.giveBack()
      case 'given-up': {
        const isGivenBack = await this.giveBack()
        report.stopped(cause)
        logger.error(facts, 'the subscription has stopped: it handles nothing until it is started again')
        return isGivenBack
      }
      case 'lease-gone':
        report.standby()
        logger.warn(facts, 'the lease is lost; what was not stored is dropped')
        return this.giveBack()
      case 'lease-in-doubt':
        report.retrying(cause)
        logger.warn(facts, 'a transaction was not answered for; taking the lease anew to learn its fate')
        return this.giveBack()
    }
  }

  private async saveLast(): Promise<void> {
    try {
      await this.following.saveLast()
    } catch (error) {
      const facts = { subscription: this.definition.name, error: describeError(error) }
      this.surroundings.logger.warn(
        facts,
        'the last checkpoint could not be stored; what came after the one before will come again',
      )
    }
  }

  /** Tries as long as the lease lasts: after that, whoever asks gets it. */
  private async giveBack(): Promise<boolean> {
    const { runtime, logger } = this.surroundings
    const patience = new Patience(runtime)
    for (;;) {
      const isLastTry = this.ending.signal.aborted || !this.held.isHeldAt(runtime.monotonic())
      try {
        await this.surroundings.heart.release(this.held)
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
  return Interruption.is(error) ? error : new Interruption('given-up', error)
}
