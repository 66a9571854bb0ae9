import type { EventStore, EventTypes, Logger, Runtime } from '@writ/event-store'
import { backOff } from '../definition/error-policy.js'
import { describeError } from '../infrastructure-error.js'
import { Wakeup } from '../wakeup.js'
import { endOfLog } from './end-of-log.js'
import { LogEntry, type Portion, sizeOf } from './log-entry.js'
import { LogPages } from './log-pages.js'
import { PageSize } from './page-size.js'
import { Ring } from './ring.js'

const RING = { entries: 5_000, size: 16_000_000 }
const POLL = { shortest: 20, longest: 1_000 }
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
 * It is woken by the store's hint, and polls besides: a lost hint costs at most a second. While nobody follows, it rests; it runs ahead of
 * the fastest follower by no more than the ring holds, and one that is too slow for the ring has to page by itself.
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
  private pause = POLL.longest
  private nap = new AbortController()
  private isHeldBack = false
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
    const forgetHint = this.store.onAppended(() => this.work.wake())
    this.running = Promise.all([this.read(), this.poll()]).finally(forgetHint)
  }

  async stop(): Promise<void> {
    this.ending.abort()
    this.nap.abort()
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
    this.work.wake()
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

  private async read(): Promise<void> {
    for (;;) {
      await this.work.wait()
      while (!this.ending.signal.aborted && this.mayRead()) {
        if (!(await this.readPage())) break
      }
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

  /** Reads on from where the ring ends; tells whether there may be more. */
  private async readPage(): Promise<boolean> {
    const { ring } = this
    const size = this.pageSize.current
    const entries: LogEntry[] = []
    const sizes: number[] = []
    let count = 0
    let upTo = ring.upTo
    for (let attempt = 1; ; attempt++) {
      try {
        const limit = size - count
        // As a rule there are a few: more than a page is asked for, so that they come in the way that is quick then.
        for await (const page of this.store.readAll({ after: upTo, limit, pageSize: Math.ceil(limit / 2) || 1 })) {
          this.pageSize.measure(page)
          count += page.length
          for (const stored of page) {
            upTo = stored.position
            if (!this.wanted.has(stored.type)) continue
            entries.push(new LogEntry(stored, this.types))
            sizes.push(sizeOf(stored))
          }
        }
        if (count === 0) upTo = (await endOfLog(this.store, upTo)) ?? upTo
        this.recovered()
        break
      } catch (error) {
        this.failed(error)
        await this.runtime.sleep(backOff(attempt, RETRY, this.runtime), this.ending.signal)
        if (this.ending.signal.aborted) return false
      }
    }
    if (upTo > ring.upTo) {
      // Where the last follower has left meanwhile, and another one has begun a ring of its own, nobody looks at this one any more.
      this.pollSoon()
      ring.push(entries, sizes, upTo)
      this.sawHead(upTo)
      for (const follower of this.followers) follower.wake()
    }
    return count === size
  }

  /** The bound on what a lost hint costs: often while events flow, once a second while they don't. */
  private async poll(): Promise<void> {
    while (!this.ending.signal.aborted) {
      this.nap = new AbortController()
      await this.runtime.sleep(this.pause, this.nap.signal)
      if (this.nap.signal.aborted) continue
      this.pause = Math.min(this.pause * 2, POLL.longest)
      if (this.followers.size === 0) await this.lookAtHead()
      this.work.wake()
    }
  }

  private pollSoon(): void {
    if (this.pause === POLL.shortest) return
    this.pause = POLL.shortest
    this.nap.abort()
  }

  /** While nobody follows, the head is only looked at, so that the status can tell how far the log has gone. */
  private async lookAtHead(): Promise<void> {
    try {
      this.sawHead((await this.store.head()).position)
    } catch (error) {
      this.logger.debug({ error: describeError(error) }, 'the head of the log could not be read')
    }
  }

  private failed(error: unknown): void {
    if (!this.trouble) this.logger.warn({ error: describeError(error) }, 'the log can not be read; trying again until it can')
    this.trouble = error instanceof Error ? error : new Error(String(error))
    for (const follower of this.followers) follower.wake()
  }

  private recovered(): void {
    if (!this.trouble) return
    this.trouble = undefined
    this.logger.info({}, 'the log can be read again')
    for (const follower of this.followers) follower.wake()
  }
}
