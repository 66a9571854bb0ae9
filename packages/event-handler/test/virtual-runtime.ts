import { type Runtime, systemRuntime } from '@writ/event-store'

/** A clock that stands still until it is moved. */
export class VirtualRuntime implements Runtime {
  private time = 0
  private readonly sleepers = new Set<{ readonly until: number; wake(): void }>()

  now = () => 1_700_000_000_000 + this.time
  monotonic = () => this.time
  random = () => 0.5
  uuid = () => systemRuntime.uuid()

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const sleeper = {
        until: this.time + milliseconds,
        wake: () => {
          this.sleepers.delete(sleeper)
          signal?.removeEventListener('abort', sleeper.wake)
          resolve()
        },
      }
      this.sleepers.add(sleeper)
      signal?.addEventListener('abort', sleeper.wake)
    })
  }

  /** Lets time pass, from one sleeper's end to the next, and everything happen that it sets off. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds
    await this.settle()
    for (;;) {
      const next = [...this.sleepers].sort((a, b) => a.until - b.until)[0]
      if (!next || next.until > end) break
      this.time = Math.max(this.time, next.until)
      next.wake()
      await this.settle()
    }
    this.time = end
    await this.settle()
  }

  /** Time passes as it does for a process that is blocked: nothing of it happens until `settle`. */
  block(milliseconds: number): void {
    this.time += milliseconds
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}
