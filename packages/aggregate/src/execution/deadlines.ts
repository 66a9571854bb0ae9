import type { Runtime } from '@writ/event-store'

const LONGEST_SLEEP = 250
const SHORTEST_SLEEP = 5

/**
 * Wakes up when something may have run out of time: one timer for everything, and none while there is nothing to watch.
 *
 * It sleeps for a quarter of a second at most, so that it does not keep a process for long that has nothing else to do.
 */
export class Deadlines {
  private wakesAt = Number.POSITIVE_INFINITY
  private isRunning = false
  private isStopped = false
  private sleeping: AbortController | undefined

  constructor(
    private readonly runtime: Runtime,
    /** Ends what has run out of time; returns the next deadline, Infinity when none is left. */
    private readonly expire: (now: number) => number,
  ) {}

  /** There is something that runs out of time then, by the monotonic clock. */
  watch(deadline: number): void {
    if (deadline >= this.wakesAt || this.isStopped) return
    this.wakesAt = deadline
    if (this.isRunning) this.sleeping?.abort()
    else void this.run()
  }

  stop(): void {
    this.isStopped = true
    this.sleeping?.abort()
  }

  private async run(): Promise<void> {
    this.isRunning = true
    while (!this.isStopped && this.wakesAt !== Number.POSITIVE_INFINITY) {
      const now = this.runtime.monotonic()
      if (this.wakesAt <= now) {
        this.wakesAt = Number.POSITIVE_INFINITY
        const next = this.expire(now)
        if (next < this.wakesAt) this.wakesAt = Math.min(Math.max(next, now + SHORTEST_SLEEP), now + LONGEST_SLEEP)
        continue
      }
      this.wakesAt = Math.min(this.wakesAt, now + LONGEST_SLEEP)
      this.sleeping = new AbortController()
      await this.runtime.sleep(this.wakesAt - now, this.sleeping.signal)
      this.sleeping = undefined
    }
    this.isRunning = false
  }
}
