// One subscription in one process, read as its state diagram:
//
//   standby ── the lease is ours ──▶ holding ── asked to end ──▶ over
//      ▲                               │  └──── given up ──────▶ stopped
//      └── the lease is lost ◀─────────┘

import type { Checkpoint, EventStore, EventTypes } from '@writ/event-store'
import { backOff } from './definition/error-policy.js'
import type { SubscriptionDefinition } from './definition/subscription-definition.js'
import { CheckpointSaver } from './delivery/checkpoint-saver.js'
import type { Delivery } from './delivery/delivery.js'
import { Holding } from './delivery/holding.js'
import { Interruption } from './delivery/interruption.js'
import { OutsideDelivery } from './delivery/outside-delivery.js'
import { TransactionalDelivery } from './delivery/transactional-delivery.js'
import { CheckpointAheadOfLogError } from './errors/subscription-errors.js'
import { describeError } from './infrastructure-error.js'
import type { CheckpointWatch } from './leasing/checkpoint-watch.js'
import { HeldLease, type Leasing } from './leasing/held-lease.js'
import { CatchUp } from './reading/catch-up.js'
import type { Follower, LogReader } from './reading/log-reader.js'
import type { Report, SubscriptionStatus } from './subscription-status.js'
import { Reached } from './waiting/reached.js'
import { Wakeup } from './wakeup.js'

const MOST_AT_ONCE = 1_000
/** How often a subscription that another process has looks whether that is still so. */
const STANDBY = 250
const RETRY = { first: 50, longest: 1_000 }

export interface SubscriptionSurroundings extends Leasing {
  readonly store: EventStore
  readonly types: EventTypes
  readonly reader: LogReader
  readonly watch: CheckpointWatch
  /** Called when a subscription has ceased to run here. */
  onLeft(): void
}

export class Subscription implements Follower {
  /** How far it has come, whether or not the store knows yet. */
  position = 0
  /** Who waits for it to come so far. */
  readonly reached = new Reached()
  private readonly report: Report = {
    state: 'starting',
    checkpoint: 0,
    skipped: 0,
    attempt: undefined,
    error: undefined,
    heldBy: undefined,
  }
  private readonly work = new Wakeup()
  private readonly ending = new AbortController()
  private holding: Holding | undefined
  private isNear = false
  private failures = 0
  private owner: string
  private doubts = 0
  private running: Promise<void> = Promise.resolve()

  constructor(
    readonly definition: SubscriptionDefinition,
    private readonly surroundings: SubscriptionSurroundings,
  ) {
    this.owner = surroundings.owner
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
    this.ending.abort()
    this.holding?.end()
    this.work.wake()
    await this.running
  }

  wake(): void {
    this.work.wake()
  }

  /** Whether what it does happens in this process. */
  get isRunningHere(): boolean {
    return this.holding !== undefined
  }

  get isStopped(): boolean {
    return this.report.state === 'stopped'
  }

  get status(): SubscriptionStatus {
    const { state, checkpoint, skipped, attempt, error, heldBy } = this.report
    const { reader } = this.surroundings
    const common = {
      name: this.definition.name,
      checkpoint,
      lag: Math.max(0, reader.head - Math.max(checkpoint, this.position)),
      skipped,
    }
    const trouble = state === 'running' && this.isNear ? reader.trouble : undefined
    if (trouble)
      return { ...common, state: 'retrying', error: { message: trouble.message }, ...(heldBy !== undefined && { heldBy }) }
    return {
      ...common,
      state,
      ...(attempt !== undefined && { attempt }),
      ...(error && { error }),
      ...(heldBy !== undefined && { heldBy }),
    }
  }

  private async live(): Promise<void> {
    while (!this.ending.signal.aborted) {
      const acquired = await this.standby()
      if (!acquired) return
      if ((await this.hold(acquired)) === 'given-up') return
    }
  }

  /** Asks for the lease until it is given; undefined when asked to end. */
  private async standby(): Promise<{ lease: HeldLease; checkpoint: number } | undefined> {
    const { runtime, logger } = this.surroundings
    while (!this.ending.signal.aborted) {
      try {
        const answer = await HeldLease.acquire(this.definition.name, { ...this.surroundings, owner: this.owner }, () =>
          this.lose(),
        )
        if (answer.lease) return answer
        this.deniedBy(answer.heldBy)
        await this.untilLeaseIsFree(answer.expiresIn)
      } catch (error) {
        this.failures++
        this.report.state = 'retrying'
        this.report.error = statusError(error)
        const facts = { subscription: this.definition.name, attempt: this.failures, error: describeError(error) }
        if (this.failures === 1) logger.warn(facts, 'the lease can not be asked for; trying again until it can')
        await runtime.sleep(backOff(this.failures, RETRY, runtime), this.ending.signal)
      }
    }
    return undefined
  }

  private async hold({
    lease,
    checkpoint,
  }: {
    lease: HeldLease
    checkpoint: number
  }): Promise<'given-up' | 'lease-gone' | 'over'> {
    const { definition, surroundings, report } = this
    const { store, runtime, logger } = surroundings
    const { owner } = this
    const holding = new Holding(definition, lease, store, runtime, logger, report)
    const saver = new CheckpointSaver(holding, checkpoint)
    this.holding = holding
    this.position = checkpoint
    Object.assign(report, { checkpoint, heldBy: owner })
    logger.info({ subscription: definition.name, owner, checkpoint, epoch: lease.lease.epoch }, 'the subscription runs here')
    try {
      if (this.ending.signal.aborted) holding.end()
      await this.follow(holding, saver, checkpoint)
      throw new Interruption('ending')
    } catch (error) {
      const { reason, cause } = error instanceof Interruption ? error : new Interruption('given-up', error)
      if (reason === 'ending') await this.leaveOrderly(saver, lease)
      else await this.leave(lease, reason, cause)
      return reason === 'given-up' ? reason : reason === 'ending' ? 'over' : 'lease-gone'
    } finally {
      surroundings.reader.leave(this)
      this.isNear = false
      this.holding = undefined
      surroundings.onLeft()
    }
  }

  /** Handles events from the checkpoint on, until it is interrupted. */
  private async follow(holding: Holding, saver: CheckpointSaver, checkpoint: number): Promise<void> {
    const { store, reader } = this.surroundings
    holding.check()
    holding.running()
    const head = await holding.untilAnswered('read the head', () => store.head())
    reader.sawHead(head.position)
    if (checkpoint > head.position) throw new CheckpointAheadOfLogError(this.definition.name, checkpoint, head.position)
    const delivery = this.delivery(holding, saver, checkpoint)
    await delivery.prepare()
    this.isNear = reader.join(this, checkpoint === head.position)
    while (!this.ending.signal.aborted) {
      holding.check()
      if (this.isNear) await this.followReader(delivery, saver)
      else await this.catchUp(holding, delivery, saver)
    }
  }

  private async followReader(delivery: Delivery, saver: CheckpointSaver): Promise<void> {
    const { reader, runtime } = this.surroundings
    const portion = reader.take(this, MOST_AT_ONCE, this.concerns)
    if (portion === 'behind') {
      reader.leave(this)
      this.isNear = false
      return
    }
    if (portion) await delivery.deliver(portion)
    if (runtime.monotonic() >= saver.dueAt) await saver.save()
    if (!portion) {
      this.wakeAt(saver.dueAt)
      await this.work.wait()
    }
  }

  private async catchUp(holding: Holding, delivery: Delivery, saver: CheckpointSaver): Promise<void> {
    const { store, types, reader, runtime } = this.surroundings
    let log = new CatchUp(store, types, this.definition.handlers.keys(), this.position, (head) => reader.sawHead(head))
    while (!this.isNear) {
      const { isAtHead, ...portion } = await holding.untilAnswered('read the log', async () => {
        try {
          return await log.next()
        } catch (error) {
          log = new CatchUp(store, types, this.definition.handlers.keys(), this.position, (head) => reader.sawHead(head))
          throw error
        }
      })
      await delivery.deliver(portion)
      if (runtime.monotonic() >= saver.dueAt) await saver.save()
      this.isNear = reader.join(this, isAtHead)
    }
  }

  private delivery(holding: Holding, saver: CheckpointSaver, checkpoint: number): Delivery {
    const progress = (position: number) => {
      this.position = position
      this.failures = 0
      this.reached.moveTo(position)
    }
    this.reached.moveTo(checkpoint)
    return this.definition.kind === 'projection'
      ? new TransactionalDelivery(holding, saver, progress, checkpoint)
      : new OutsideDelivery(holding, saver, progress)
  }

  private async leaveOrderly(saver: CheckpointSaver, lease: HeldLease): Promise<void> {
    try {
      await saver.saveLast()
    } catch (error) {
      const facts = { subscription: this.definition.name, error: describeError(error) }
      this.surroundings.logger.warn(
        facts,
        'the last checkpoint could not be stored: what was handled since the one before comes again',
      )
    }
    await this.release(lease)
    Object.assign(this.report, { state: 'stopped', heldBy: undefined, error: undefined, attempt: undefined })
  }

  private async leave(lease: HeldLease, reason: Interruption['reason'], cause: unknown): Promise<void> {
    const { report, surroundings } = this
    const { logger, runtime } = surroundings
    const facts = {
      subscription: this.definition.name,
      checkpoint: report.checkpoint,
      ...(cause !== undefined && { error: describeError(cause) }),
    }
    report.heldBy = undefined
    if (reason === 'given-up') {
      await this.release(lease)
      report.state = 'stopped'
      report.error = statusError(cause)
      logger.error(facts, 'the subscription has stopped: it handles nothing until it is started again')
      return
    }
    if (reason === 'lease-gone') {
      logger.warn(facts, 'the lease is lost; what was not stored is dropped')
      report.state = 'standby'
      report.error = undefined
    } else {
      logger.warn(facts, 'a transaction was not answered for; taking the lease anew to learn its fate')
      report.state = 'retrying'
      report.error = statusError(cause)
    }
    const isReleased = await this.release(lease)
    // To one and the same owner the store gives the old epoch again, which would fence nothing.
    if (reason === 'lease-in-doubt' && !isReleased) this.owner = `${surroundings.owner}+${++this.doubts}`
    this.failures++
    await runtime.sleep(backOff(this.failures, RETRY, runtime), this.ending.signal)
  }

  /** Tries as long as the lease lasts; after that the store does not mind. */
  private async release(lease: HeldLease): Promise<boolean> {
    const { runtime, logger } = this.surroundings
    for (let attempt = 1; ; attempt++) {
      const isLast = this.ending.signal.aborted || !lease.isHeldAt(runtime.monotonic())
      try {
        await lease.release()
        return true
      } catch (error) {
        const facts = { subscription: this.definition.name, attempt, error: describeError(error) }
        if (isLast) {
          logger.warn(facts, 'the lease could not be given back; others have to wait until it expires')
          return false
        }
      }
      await runtime.sleep(backOff(attempt, RETRY, runtime), this.ending.signal)
    }
  }

  private deniedBy(heldBy: string): void {
    const { report, definition, surroundings } = this
    this.failures = 0
    if (report.state !== 'standby' || report.heldBy !== heldBy) {
      surroundings.logger.info({ subscription: definition.name, heldBy }, 'the subscription runs elsewhere; standing by')
    }
    Object.assign(report, { state: 'standby', heldBy, error: undefined, attempt: undefined })
  }

  private async untilLeaseIsFree(expiresIn: number): Promise<void> {
    const { watch, runtime } = this.surroundings
    const isFree = new AbortController()
    const stop = () => isFree.abort()
    const watcher = {
      every: () => STANDBY,
      see: (rows: ReadonlyMap<string, Checkpoint>) => {
        const row = rows.get(this.definition.name)
        if (!row) return
        this.report.checkpoint = row.checkpoint
        if (row.owner === undefined) isFree.abort()
        else if (row.owner !== this.report.heldBy) this.deniedBy(row.owner)
      },
    }
    this.ending.signal.addEventListener('abort', stop)
    watch.add(watcher)
    await runtime.sleep(Math.max(expiresIn, STANDBY), isFree.signal)
    watch.remove(watcher)
    this.ending.signal.removeEventListener('abort', stop)
  }

  /** A handler may still be at work; what it does from now on does not count. */
  private lose(): void {
    this.holding?.lost()
    this.holding = undefined
    Object.assign(this.report, { state: 'standby', heldBy: undefined })
    this.surroundings.onLeft()
    this.work.wake()
  }

  private readonly concerns = (type: string): boolean => this.definition.handlers.has(type)

  private alarm = { at: Number.POSITIVE_INFINITY }

  /** Makes sure that the loop wakes up at a monotonic time; one timer at a time. */
  private wakeAt(time: number): void {
    const { runtime } = this.surroundings
    if (time === Number.POSITIVE_INFINITY || time >= this.alarm.at) return
    const alarm = { at: time }
    this.alarm = alarm
    runtime.sleep(Math.max(0, time - runtime.monotonic()), this.ending.signal).then(() => {
      if (this.alarm === alarm) this.alarm = { at: Number.POSITIVE_INFINITY }
      this.work.wake()
    })
  }
}

function statusError(error: unknown): { readonly code?: string; readonly message: string } {
  const { code, message } = describeError(error)
  return { message, ...(code !== undefined && { code }) }
}
