import type { Runtime } from '@writ/event-store'

const DOUBT = 1_000

/**
 * Whether streams that are expected to be new are taken for such, without a look at them: that saves a quarter of an append's time. Where
 * one is not, the unique versions refuse its whole batch, which is then sent again to be looked at; and for a while all others are, too.
 */
export class NewStreams {
  private doubtedUntil = Number.NEGATIVE_INFINITY

  constructor(private readonly runtime: Runtime) {}

  get areTrusted(): boolean {
    return this.runtime.monotonic() >= this.doubtedUntil
  }

  /** A batch was refused that may have held one that is not. */
  wereNot(): void {
    this.doubtedUntil = this.runtime.monotonic() + DOUBT
  }
}
