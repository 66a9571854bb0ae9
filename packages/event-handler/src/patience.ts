import type { Runtime } from '@writ/event-store'
import { backOff } from './definition/error-policy.js'

const RETRY = { first: 50, longest: 1_000 }

/** How long to wait after one failure and the next; anew from the shortest wait once there was progress. */
export class Patience {
  private failures = 0

  constructor(private readonly runtime: Runtime) {}

  /** How many times in a row it has failed. */
  get count(): number {
    return this.failures
  }

  progress(): void {
    this.failures = 0
  }

  /** Waits; not as long as usual when the signal aborts. */
  async failed(signal: AbortSignal): Promise<void> {
    this.failures++
    await this.runtime.sleep(backOff(this.failures, RETRY, this.runtime), signal)
  }
}
