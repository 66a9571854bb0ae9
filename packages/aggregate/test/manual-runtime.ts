import { type Runtime, systemRuntime } from '@writ/event-store'

/** Time that passes only when a test says so. */
export class ManualRuntime implements Runtime {
  private time = 0
  private sleeping: { readonly until: number; readonly wake: () => void }[] = []

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  random(): number {
    return 0.5
  }

  uuid(): string {
    return systemRuntime.uuid()
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const entry = { until: this.time + milliseconds, wake: resolve }
      this.sleeping.push(entry)
      signal?.addEventListener('abort', () => {
        this.sleeping = this.sleeping.filter((other) => other !== entry)
        resolve()
      })
    })
  }

  get sleepers(): number {
    return this.sleeping.length
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds
    for (;;) {
      for (let turn = 0; turn < 50; turn++) await undefined
      const next = this.sleeping.filter(({ until }) => until <= end).sort((a, b) => a.until - b.until)[0]
      if (!next) break
      this.sleeping = this.sleeping.filter((other) => other !== next)
      this.time = next.until
      next.wake()
    }
    this.time = end
    for (let turn = 0; turn < 50; turn++) await undefined
  }
}
