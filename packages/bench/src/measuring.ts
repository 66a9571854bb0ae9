import { closedLoop } from './closed-loop.js'
import type { CpuClock } from './cpu-time.js'
import { percentile } from './statistics.js'
import type { OpenSystem, System } from './system.js'

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
   * Lets the callers work until the time is up.
   *
   * @throws Error when an operation fails, or when what is stored is not what was acknowledged
   */
  async window(callers: number, seconds: number): Promise<Window> {
    if (this.open.renew) {
      await this.open.renew()
      this.acknowledged = 0
    }
    const statementsBefore = this.statements()
    const stopCpu = await this.cpu.start()
    const loop = await (this.open.window?.(callers, seconds) ??
      closedLoop((caller) => this.open.operation(caller), callers, seconds))
    const cpu = await stopCpu()
    const statements = this.statements() - statementsBefore + (loop.elsewhere?.statements ?? 0)
    const eventsPerOperation = this.system.eventsPerOperation ?? 1
    const events = loop.latencies.length * eventsPerOperation
    this.acknowledged += events
    await this.checkNothingIsLost()

    const hasLatency = this.system.hasLatency ?? true
    const sorted = loop.latencies.sort()
    return {
      perSecond: loop.operationsPerSecond * eventsPerOperation,
      p50: hasLatency ? percentile(sorted, 50) : null,
      p99: hasLatency ? percentile(sorted, 99) : null,
      nodeCpu: each(cpu.node + (loop.elsewhere?.cpu ?? 0), events),
      postgresCpu: each(cpu.postgres, events),
      statements: each(statements, events),
      failuresPerSecond: loop.failuresPerSecond,
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
