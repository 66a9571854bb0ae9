import {
  type EventStore,
  type EventTypes,
  isError,
  type Logger,
  type Runtime,
  type StoredEvent,
  thrownMessage,
  type WrittenEvents,
} from '@writ/event-store'
import { backOff } from '../definition/error-policy.js'
import { describeError } from '../infrastructure-error.js'
import { Wakeup } from '../wakeup.js'
import { endOfLog } from './end-of-log.js'
import { LogEntry, type Portion, sizeOf } from './log-entry.js'
import { LogPages } from './log-pages.js'
import { isPage, PageSize } from './page-size.js'
import { Poll } from './poll.js'
import { Ring } from './ring.js'

const RING = { entries: 5_000, size: 16_000_000 }
const RETRY = { first: 20, longest: 1_000 }

/** A subscription that is near the head, and reads what the log reader has read. */
export interface Follower {
  /** How far it has come. */
  readonly position: number
  /** There is something new. */
  wake(): void
}

/**
 * Reads the log once for all subscriptions of the process that are near its head.
 *
 * What this process appends it takes over from the store's hint, where it comes right behind what was read; whatever else it is woken for
 * it reads. It polls besides: a lost hint costs at most a second. While nobody follows, it rests; it runs ahead of the fastest follower by
 * no more than the ring holds, and one that is too slow for the ring has to page by itself.
 */
export class LogReader {
  /** For subscriptions that are behind. */
  readonly pages: LogPages
  /** Why it can't read, while it can't. */
  trouble: Error | undefined
  private ring = new Ring(0, RING)
  private readonly followers = new Set<Follower>()
  private readonly work = new Wakeup()
  private readonly ending = new AbortController()
  private readonly pageSize = new PageSize()
  private newest = 0
  private readonly poll: Poll
  private isHeldBack = false
  private isReading = false
  /** There may be more than was read; only a poll says so where it was no hint. */
  private isBehind = false
  private isPolled = false
  /** How far the hints reach that came while it read. */
  private told = 0
  private running: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly store: EventStore,
    private readonly types: EventTypes,
    /** Types as they are stored. */
    private readonly wanted: ReadonlySet<string>,
    private readonly runtime: Runtime,
    private readonly logger: Logger,
  ) {
    this.pages = new LogPages(store, types, wanted, (position) => this.sawHead(position))
    this.poll = new Poll(runtime, () => this.lookUnasked())
  }

  /** The greatest position that this process has heard of. */
  get head(): number {
    return this.newest
  }

  /** Someone else has seen the log reach so far. */
  sawHead(position: number): void {
    if (position > this.newest) this.newest = position
  }

  start(): void {
    const forgetHint = this.store.onAppended((written) => this.hear(written))
    this.running = Promise.all([this.read(), this.poll.run()]).finally(forgetHint)
  }

  async stop(): Promise<void> {
    this.ending.abort()
    this.poll.stop()
    this.work.wake()
    await this.running
  }

  /** Lets a follower read along if the ring reaches back to it, or, when nobody follows yet, if it `isAtHead`: the ring begins there. */
  join(follower: Follower, isAtHead: boolean): boolean {
    const { position } = follower
    if (this.followers.size === 0) {
      if (!isAtHead) return false
      this.ring = new Ring(position, RING)
    } else if (position < this.ring.after) {
      return false
    }
    this.followers.add(follower)
    this.look()
    return true
  }

  leave(follower: Follower): void {
    this.followers.delete(follower)
  }

  /** What is new to a follower; `'behind'` when the ring no longer reaches back to it. */
  take(follower: Follower, most: number, concerns: (type: string) => boolean): Portion | 'behind' | undefined {
    if (follower.position < this.ring.after) return 'behind'
    if (this.isHeldBack) this.work.wake()
    return this.ring.take(follower.position, most, concerns)
  }

  private look(): void {
    this.isBehind = true
    this.work.wake()
  }

  private hear(written: WrittenEvents | undefined): void {
    if (!written) this.look()
    else if (this.isReading) this.told = Math.max(this.told, written.upTo)
    else if (written.upTo > this.ring.upTo && !this.takeOver(written)) this.look()
  }

  /** Only what comes right behind what was read: in between may be what others wrote. */
  private takeOver({ after, upTo, events }: WrittenEvents): boolean {
    const { ring } = this
    if (after !== ring.upTo || !this.mayRead() || !isPage(events)) return false
    this.add(ring, events, upTo)
    return true
  }

  private async read(): Promise<void> {
    for (;;) {
      await this.work.wait()
      while (!this.ending.signal.aborted && this.isBehind && this.mayRead()) await this.readPage()
      if (this.ending.signal.aborted) return
    }
  }

  private mayRead(): boolean {
    if (this.followers.size === 0) return false
    let fastest = 0
    for (const { position } of this.followers) if (position > fastest) fastest = position
    this.isHeldBack = !this.ring.hasRoomBeyond(fastest)
    return !this.isHeldBack
  }

  /** Reads on from where the ring ends. */
  private async readPage(): Promise<void> {
    const { ring, isPolled } = this
    const size = this.pageSize.current
    const read: StoredEvent[] = []
    let upTo = ring.upTo
    this.isReading = true
    this.isBehind = false
    this.isPolled = false
    this.told = 0
    for (let attempt = 1; ; attempt++) {
      try {
        const limit = size - read.length
        // As a rule there are a few: more than a page is asked for, so that they come in the way that is quick then.
        for await (const page of this.store.readAll({ after: upTo, limit, pageSize: Math.ceil(limit / 2) || 1 })) {
          this.pageSize.measure(page)
          read.push(...page)
          upTo = page.at(-1)!.position
        }
        if (read.length === 0) upTo = (await endOfLog(this.store, upTo)) ?? upTo
        this.recovered()
        break
      } catch (error) {
        this.failed(error)
        await this.runtime.sleep(backOff(attempt, RETRY, this.runtime), this.ending.signal)
        if (this.ending.signal.aborted) return
      }
    }
    this.isReading = false
    if (upTo > ring.upTo) {
      if (isPolled) this.poll.hasFound()
      // Where the last follower has left meanwhile, and another one has begun a ring of its own, nobody looks at this one any more.
      this.add(ring, read, upTo)
    }
    if (read.length === size || this.told > this.ring.upTo) this.isBehind = true
  }

  private add(ring: Ring, events: readonly StoredEvent[], upTo: number): void {
    const wanted = events.filter(({ type }) => this.wanted.has(type))
    ring.push(
      wanted.map((stored) => new LogEntry(stored, this.types)),
      wanted.map(sizeOf),
      upTo,
    )
    this.sawHead(upTo)
    for (const follower of this.followers) follower.wake()
  }

  /** The poll's look. While nobody follows, only the head is looked at. */
  private async lookUnasked(): Promise<void> {
    if (this.followers.size === 0) return this.lookAtHead()
    this.isPolled = !this.isBehind
    this.look()
  }

  /** So that the status can tell how far the log has gone. */
  private async lookAtHead(): Promise<void> {
    try {
      this.sawHead((await this.store.head()).position)
    } catch (error) {
      this.logger.debug({ error: describeError(error) }, 'the head of the log could not be read')
    }
  }

  private failed(error: unknown): void {
    if (!this.trouble) this.logger.warn({ error: describeError(error) }, 'the log can not be read; trying again until it can')
    this.trouble = isError(error) ? error : new Error(thrownMessage(error))
    for (const follower of this.followers) follower.wake()
  }

  private recovered(): void {
    if (!this.trouble) return
    this.trouble = undefined
    this.logger.info({}, 'the log can be read again')
    for (const follower of this.followers) follower.wake()
  }
}
