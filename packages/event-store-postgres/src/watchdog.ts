import type { Runtime } from '@writ/event-store'

interface Watched {
  readonly since: number
  readonly expire: () => void
  isSuspect: boolean
}

/**
 * Ends what waits for a socket that will never answer.
 *
 * One ticking timer for all statements: a timer each would cost more than the rest of a statement's bookkeeping. What is overdue is
 * ended at the second tick that finds it so: after a blocked event loop, an answer may lie in the socket still unread.
 */
export class Watchdog {
  private readonly watched = new Set<Watched>()
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly runtime: Runtime,
    private readonly limit: number,
  ) {}

  watch(expire: () => void): Watched {
    const watched = { since: this.runtime.monotonic(), expire, isSuspect: false }
    this.watched.add(watched)
    this.timer ??= setInterval(() => this.tick(), Math.min(500, this.limit / 2)).unref()
    return watched
  }

  done(watched: Watched): void {
    this.watched.delete(watched)
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  private tick(): void {
    if (this.watched.size === 0) this.stop()
    const overdue = this.runtime.monotonic() - this.limit
    for (const watched of this.watched) {
      if (watched.since > overdue) continue
      if (watched.isSuspect) {
        this.watched.delete(watched)
        watched.expire()
      }
      watched.isSuspect = true
    }
  }
}
