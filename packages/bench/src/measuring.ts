import type { CpuClock } from './cpu-time.js'
import { percentile } from './statistics.js'
import { type OpenSystem, OperationFailed, type System } from './system.js'

/** What one system did in one window. */
export interface Window {
  readonly perSecond: number
  /** Milliseconds; null where the system's latency says nothing. */
  readonly p50: number | null
  readonly p99: number | null
  /** Microseconds of CPU an event; null where it can't be known. */
  readonly nodeCpu: number | null
  readonly postgresCpu: number | null
  /** Statements sent an event; null where there was none. */
  readonly statements: number | null
  /** Operations that came to nothing, a second; `perSecond` does not count them. */
  readonly failuresPerSecond: number
}

/** One system under measurement: it remembers what was acknowledged, over all windows. */
export class Measured {
  private acknowledged = 0

  constructor(
    readonly system: System,
    private readonly open: OpenSystem,
    private readonly cpu: CpuClock,
    /** How many statements this process has sent so far. */
    private readonly statements: () => number,
  ) {}

  get settings(): string {
    return this.open.settings
  }

  /**
   * A closed loop: each caller starts its next operation when the one before has ended, until the time is up.
   *
   * Operations under way at that moment are waited for. They count as acknowledged and for the latencies, not for the rate.
   *
   * @throws Error when an operation fails, or when what is stored is not what was acknowledged
   */
  async window(callers: number, seconds: number): Promise<Window> {
    const latencies: number[] = []
    const statementsBefore = this.statements()
    const stopCpu = await this.cpu.start()
    const start = performance.now()
    const end = start + seconds * 1_000
    const { completed, failed } = await runCallers(this.open, callers, end, latencies)
    const cpu = await stopCpu()
    const statements = this.statements() - statementsBefore
    const eventsPerOperation = this.system.eventsPerOperation ?? 1
    const events = latencies.length * eventsPerOperation
    this.acknowledged += events
    await this.checkNothingIsLost()

    const hasLatency = this.system.hasLatency ?? true
    const sorted = Float64Array.from(latencies).sort()
    return {
      perSecond: (completed * eventsPerOperation) / seconds,
      p50: hasLatency ? percentile(sorted, 50) : null,
      p99: hasLatency ? percentile(sorted, 99) : null,
      nodeCpu: each(cpu.node, events),
      postgresCpu: each(cpu.postgres, events),
      statements: each(statements, events),
      failuresPerSecond: failed / seconds,
    }
  }

  async close(): Promise<void> {
    await this.open.close()
  }

  private async checkNothingIsLost(): Promise<void> {
    const stored = await this.open.stored?.()
    if (stored !== undefined && stored !== this.acknowledged) {
      throw new Error(
        `${this.system.name} acknowledged ${this.acknowledged} events and stores ${stored}: its figures are worth nothing. ` +
          'Either the system loses or doubles events, or its `stored` counts wrongly.',
      )
    }
  }
}

function each(total: number | null, events: number): number | null {
  return total === null || events === 0 ? null : total / events
}

/** @returns how many operations ended in time, and how many came to nothing in time */
async function runCallers(
  { operation }: OpenSystem,
  callers: number,
  end: number,
  latencies: number[],
): Promise<{ readonly completed: number; readonly failed: number }> {
  let completed = 0
  let failed = 0
  let isBroken = false
  /** @returns whether it had its effect */
  const attempt = async (caller: number) => {
    try {
      await operation(caller)
      return true
    } catch (error) {
      if (error instanceof OperationFailed) return false
      isBroken = true
      throw error
    }
  }
  const call = async (caller: number) => {
    for (let now = performance.now(); now < end && !isBroken; ) {
      const succeeded = await attempt(caller)
      const done = performance.now()
      if (succeeded) latencies.push(done - now)
      if (done <= end) succeeded ? completed++ : failed++
      now = done
    }
  }
  const calls = Array.from({ length: callers }, (_, caller) => call(caller))
  // All of them are waited for, so that nobody uses a connection any more when the error is told.
  const failure = (await Promise.allSettled(calls)).find((result) => result.status === 'rejected')
  if (failure) throw failure.reason
  return { completed, failed }
}
