import type { Runtime } from '@writ/event-store'

const PAUSE = { shortest: 20, longest: 1_000 }

/** The bound on what a lost hint costs: a look once a second, and often while hints do get lost. */
export class Poll {
  private readonly ending = new AbortController()
  private pause = PAUSE.longest
  private nap = new AbortController()

  constructor(
    private readonly runtime: Runtime,
    private readonly look: () => Promise<void>,
  ) {}

  async run(): Promise<void> {
    while (!this.ending.signal.aborted) {
      this.nap = new AbortController()
      await this.runtime.sleep(this.pause, this.nap.signal)
      if (this.nap.signal.aborted) continue
      this.pause = Math.min(this.pause * 2, PAUSE.longest)
      await this.look()
    }
  }

  /** A look has found what no hint had told of: the next one comes soon. */
  hasFound(): void {
    if (this.pause === PAUSE.shortest) return
    this.pause = PAUSE.shortest
    this.nap.abort()
  }

  stop(): void {
    this.ending.abort()
    this.nap.abort()
  }
}
