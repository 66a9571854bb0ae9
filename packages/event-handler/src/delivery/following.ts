import type { EventTypes } from '@writ/event-store'
import { CheckpointAheadOfLogError } from '../errors/subscription-errors.js'
import { Parking } from '../parking/parking.js'
import { CatchUp } from '../reading/catch-up.js'
import type { Portion } from '../reading/log-entry.js'
import type { Follower, LogReader } from '../reading/log-reader.js'
import { Wakeup } from '../wakeup.js'
import { afterStart } from './after-start.js'
import { BatchDelivery } from './batch-delivery.js'
import { CheckpointSaver } from './checkpoint-saver.js'
import { ConcurrentDelivery } from './concurrent-delivery.js'
import type { Delivery, Progress } from './delivery.js'
import { Gathering } from './gathering.js'
import { Halt } from './halt.js'
import type { Holding } from './holding.js'
import { Interruption } from './interruption.js'
import { OutsideDelivery } from './outside-delivery.js'
import { ownEvents } from './own-events.js'
import { TransactionalDelivery } from './transactional-delivery.js'

const MOST_AT_ONCE = 1_000
/** Milliseconds until the log is read again where it does not show yet what others have seen. */
const REREAD = 10

/** Something to be done between two portions. */
interface Errand {
  readonly run: () => Promise<void>
  readonly refuse: (error: unknown) => void
}

/** Takes a subscription along the log for as long as it holds its lease: with the log reader when it is near, by itself while it is behind. */
export class Following implements Follower {
  /** How far it has read: up to there, everything is handled or is being handled. */
  position: number
  private readonly saver: CheckpointSaver
  private readonly parking: Parking
  private readonly delivery: Delivery
  private readonly work = new Wakeup()
  /** Under which types its events are stored. */
  private readonly storedTypes: ReadonlySet<string>
  private readonly ownOf: (portion: Portion) => Portion
  /** How far everything is handled; kept only where there is a barrier. */
  private finished: number
  private isNear = false
  private alarmAt = Number.POSITIVE_INFINITY
  private alarm = new AbortController()
  private errands: Errand[] = []
  /** What an errand has met that ends the run. */
  private interruption: unknown

  constructor(
    private readonly holding: Holding,
    private readonly reader: LogReader,
    types: EventTypes,
    private readonly checkpoint: number,
    /** A barrier, where the run ends; undefined where there is none. */
    private readonly upTo: number | undefined,
    onProgress: (position: number) => void,
  ) {
    const finished = upTo === undefined ? onProgress : (position: number) => this.finishedTo(position, onProgress)
    const progress = (position: number) => {
      if (position > this.position) this.position = position
      finished(position)
    }
    this.position = checkpoint
    this.finished = checkpoint
    this.ownOf = ownEvents(holding.definition, holding.own)
    this.saver = new CheckpointSaver(holding, checkpoint, () => this.work.wake())
    this.storedTypes = types.storedTypesOf(holding.definition.handlers.keys())
    this.parking = new Parking(holding, types)
    this.delivery = this.deliveryOf(holding, progress, finished)
  }

  private deliveryOf(holding: Holding, progress: Progress, onProgress: Progress): Delivery {
    const { kind, concurrency, batch } = holding.definition
    const { saver, parking, checkpoint } = this
    if (concurrency) return new ConcurrentDelivery(parking, concurrency, saver, onProgress, () => this.work.wake())
    const delivery =
      kind === 'projection'
        ? new TransactionalDelivery(parking, saver, progress, checkpoint)
        : new OutsideDelivery(parking, saver, progress)
    const batching = batch && kind === 'event-handler' ? new BatchDelivery(parking, batch, saver, progress, delivery) : delivery
    const { size = MOST_AT_ONCE, within = 0 } = batch ?? {}
    return within > 0 ? new Gathering(batching, size, within, holding.runtime) : batching
  }

  /** @throws Interruption, the only way in which it ends; then no handler is at work any more */
  async run(): Promise<never> {
    try {
      return await this.follow()
    } finally {
      this.alarm.abort()
      await this.delivery.end()
      await this.saver.settled()
      for (const { refuse } of this.errands.splice(0)) refuse(new Interruption('ending'))
    }
  }

  private async follow(): Promise<never> {
    const { holding, reader, checkpoint, delivery } = this
    holding.check()
    holding.report.running()
    const { position: head } = await holding.untilAnswered('read the head', () => holding.store.head())
    reader.sawHead(head)
    if (checkpoint > head) throw new CheckpointAheadOfLogError(holding.definition.name, checkpoint, head)
    await delivery.prepare()
    await this.parking.load()
    await afterStart(holding)
    if (checkpoint === this.upTo) await this.untilAtBarrier()
    this.isNear = reader.join(this, checkpoint === head)
    for (;;) {
      if (this.isNear) await this.followReader()
      else await this.catchUp()
    }
  }

  wake(): void {
    this.work.wake()
  }

  /** Whether an event is parked beyond a position, and not beyond another one. */
  hasParked(after: number, upTo: number): boolean {
    return this.parking.sequences.hasBetween(after, upTo)
  }

  /**
   * Carries out work between two portions, when no event is being handled.
   *
   * @throws what the work throws; Interruption when the run ends before its turn comes
   */
  between(work: (holding: Holding) => Promise<void>): Promise<void> {
    return new Promise((done, refuse) => {
      this.errands.push({ run: () => work(this.holding).then(done, refuse), refuse })
      this.work.wake()
    })
  }

  /**
   * Stands still between two portions, until it is let go.
   *
   * @throws Interruption when the run ends before
   */
  halt(): Promise<Halt> {
    return new Promise((halted, refuse) => {
      const standStill = ({ own: { partition }, signal }: Holding) => {
        const halt = new Halt(partition, signal, this)
        halted(halt)
        return halt.ended
      }
      this.between(standStill).catch(refuse)
    })
  }

  async goTo(position: number, halt: Halt): Promise<void> {
    const { holding, reader, delivery } = this
    const log = new CatchUp(reader.pages, this.storedTypes, this.position, holding.definition.filter)
    try {
      while (this.position < position && !halt.isOver) {
        delivery.check()
        const { entries, upTo, isAtHead } = await holding.untilAnswered('read the log', () => log.next())
        if (upTo > this.position) {
          await this.deliver({ entries: entries.filter((entry) => entry.position <= position), upTo: Math.min(upTo, position) })
        } else if (isAtHead) {
          await holding.pause(REREAD)
        }
      }
      if (delivery instanceof Gathering) await delivery.flush()
      await this.saver.save()
    } catch (error) {
      this.interruption = error
      throw error
    } finally {
      log.close()
    }
  }

  /** Someone has decided on what is parked. */
  decided(): void {
    this.delivery.decided()
    this.work.wake()
  }

  /** Why it can't go on, when that is the log reader's trouble. */
  get trouble(): Error | undefined {
    return this.isNear ? this.reader.trouble : undefined
  }

  /** Ends its part with the log reader. */
  leave(): void {
    this.reader.leave(this)
    this.isNear = false
  }

  /** Stores how far it has come, for an orderly stop. */
  saveLast(): Promise<void> {
    return this.saver.saveLast()
  }

  private async followReader(): Promise<void> {
    const { reader, saver } = this
    this.delivery.check()
    const portion = reader.take(this, MOST_AT_ONCE, this.concerns)
    if (portion === 'behind') return this.leave()
    if (portion) await this.deliver(portion)
    await this.doWhatIsDue()
    if (portion) return
    this.wakeAt(Math.min(saver.dueAt, this.delivery.dueAt))
    await this.work.wait()
  }

  private async catchUp(): Promise<void> {
    const { holding, reader } = this
    const log = new CatchUp(reader.pages, this.storedTypes, this.position, holding.definition.filter)
    try {
      while (!this.isNear) {
        const { isAtHead, ...portion } = await holding.untilAnswered('read the log', () => log.next())
        await this.deliver(portion)
        await this.doWhatIsDue()
        this.isNear = reader.join(this, isAtHead)
      }
    } finally {
      log.close()
    }
  }

  private async deliver(portion: Portion): Promise<void> {
    const own = this.ownOf(this.upToBarrier(this.beyond(portion)))
    await this.delivery.deliver(own)
    this.position = own.upTo
    if (this.position === this.upTo) await this.untilAtBarrier()
  }

  /** What an errand has gone past already is read once more by whoever was reading. */
  private beyond({ entries, upTo }: Portion): Portion {
    const { position } = this
    const isPassed = entries[0] !== undefined && entries[0].position <= position
    return { entries: isPassed ? entries.filter((entry) => entry.position > position) : entries, upTo: Math.max(upTo, position) }
  }

  private upToBarrier(portion: Portion): Portion {
    const { upTo } = this
    if (upTo === undefined || portion.upTo <= upTo) return portion
    return { entries: portion.entries.filter(({ position }) => position <= upTo), upTo }
  }

  /** Finishes what is under way; then the run ends, and what it has come to is stored. */
  private async untilAtBarrier(): Promise<never> {
    while (this.finished < this.upTo!) {
      this.delivery.check()
      await this.doWhatIsDue()
      this.wakeAt(Math.min(this.saver.dueAt, this.delivery.dueAt))
      if (this.finished < this.upTo!) await this.work.wait()
    }
    throw new Interruption('ending')
  }

  private finishedTo(position: number, onProgress: (position: number) => void): void {
    onProgress(position)
    this.finished = position
    if (position === this.upTo) this.work.wake()
  }

  private async doWhatIsDue(): Promise<void> {
    const { delivery, saver } = this
    for (const { run } of this.errands.splice(0)) await run()
    if (this.interruption !== undefined) throw this.interruption
    const now = this.holding.runtime.monotonic()
    if (now >= delivery.dueAt) await delivery.work()
    if (now < saver.dueAt) return
    // A transaction stores its own checkpoint, and must not overtake another one.
    if (this.holding.definition.kind === 'projection') await saver.save()
    else await saver.saveInPassing()
  }

  private readonly concerns = (type: string): boolean => this.storedTypes.has(type)

  /** Makes sure that it wakes up at a monotonic time. There is one timer: one that would be early enough stays, a later one is given up. */
  private wakeAt(time: number): void {
    if (time >= this.alarmAt || time === Number.POSITIVE_INFINITY) return
    const { runtime } = this.holding
    this.alarm.abort()
    const alarm = new AbortController()
    this.alarm = alarm
    this.alarmAt = time
    runtime.sleep(Math.max(0, time - runtime.monotonic()), alarm.signal).then(() => {
      if (alarm !== this.alarm) return
      this.alarmAt = Number.POSITIVE_INFINITY
      this.work.wake()
    })
  }
}
