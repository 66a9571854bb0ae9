import type { Runtime } from '@writ/event-store'
import type { LogEntry, Portion } from '../reading/log-entry.js'
import type { Delivery } from './delivery.js'

const NEVER = Number.POSITIVE_INFINITY

/** Holds events back until there are enough for a batch, or the first of them has waited long enough. */
export class Gathering implements Delivery {
  private entries: LogEntry[] = []
  private upTo = 0
  private flushAt = NEVER

  constructor(
    private readonly delivery: Delivery,
    private readonly size: number,
    /** Milliseconds that a batch waits for more. */
    private readonly within: number,
    private readonly runtime: Runtime,
  ) {}

  get dueAt(): number {
    return Math.min(this.flushAt, this.delivery.dueAt)
  }

  prepare(): Promise<void> {
    return this.delivery.prepare()
  }

  check(): number {
    return this.delivery.check()
  }

  /** What was gathered and not handled comes again. */
  end(): Promise<void> {
    return this.delivery.end()
  }

  async deliver({ entries, upTo }: Portion): Promise<void> {
    if (this.entries.length === 0) this.flushAt = this.runtime.monotonic() + this.within
    this.entries.push(...entries)
    this.upTo = upTo
    while (this.entries.length >= this.size) {
      const batch = this.entries.splice(0, this.size)
      await this.delivery.deliver({ entries: batch, upTo: batch.at(-1)!.position })
      this.flushAt = this.runtime.monotonic() + this.within
    }
    if (this.entries.length === 0) await this.flush()
  }

  async work(): Promise<void> {
    if (this.runtime.monotonic() >= this.flushAt) await this.flush()
    await this.delivery.work()
  }

  decided(): void {
    this.delivery.decided()
  }

  /** Hands over what is gathered, however little it is. */
  async flush(): Promise<void> {
    if (this.flushAt === NEVER) return
    const { entries, upTo } = this
    this.entries = []
    this.flushAt = NEVER
    await this.delivery.deliver({ entries, upTo })
  }
}
