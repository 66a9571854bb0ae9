import type { Loop } from './closed-loop.js'

/** Counts what a handler has handled, from now on, until it has come to the end of a log or its time is up. */
export class Handled {
  /** Resolves at the end. */
  readonly whole: Promise<Loop>
  private count = 0
  private readonly start = performance.now()
  private resolve: (loop: Loop) => void = () => {}
  private readonly timer: NodeJS.Timeout

  /**
   * @param events how many there are
   * @param seconds how long is waited for all of them
   */
  constructor(
    private readonly events: number,
    seconds = 3_600,
  ) {
    this.whole = new Promise((resolve) => {
      this.resolve = resolve
    })
    this.timer = setTimeout(() => this.end(), seconds * 1_000)
  }

  /** So many more. */
  add(count: number): void {
    this.count += count
    if (this.count === this.events) this.end()
  }

  private end(): void {
    clearTimeout(this.timer)
    const { count } = this
    const seconds = (performance.now() - this.start) / 1_000
    this.resolve({ latencies: new Float64Array(count), operationsPerSecond: count / seconds, failuresPerSecond: 0 })
  }
}
