import type { CpuClock } from './cpu-time.js'
import { Measured } from './measuring.js'
import { type OpenSystem, OperationFailed, type System } from './system.js'

const cpu: CpuClock = { postgresUnknown: undefined, start: async () => async () => ({ node: 1_000, postgres: null }) }

let sent = 0

function measured(open: Partial<OpenSystem>, system: Partial<System> = {}): Measured {
  const whole: OpenSystem = { settings: 'none', operation: () => pause(), close: async () => {}, ...open }
  return new Measured({ name: 'sample', open: async () => whole, ...system }, whole, cpu, () => sent)
}

const pause = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('Measured', () => {
  it('lets each caller have one operation under way, until the time is up', async () => {
    const underWay = new Set<number>()
    let most = 0
    let operations = 0
    const sample = measured({
      async operation(caller) {
        expect(underWay.has(caller)).toBe(false)
        underWay.add(caller)
        most = Math.max(most, underWay.size)
        await pause()
        underWay.delete(caller)
        operations++
        sent += 2
      },
    })
    const { perSecond, p50, p99, nodeCpu, postgresCpu, statements, failuresPerSecond } = await sample.window(3, 0.05)
    expect(most).toBe(3)
    expect(underWay.size).toBe(0)
    expect(perSecond).toBeLessThanOrEqual(operations / 0.05)
    expect(perSecond).toBeGreaterThanOrEqual((operations - 3) / 0.05)
    expect(p50).toBeLessThanOrEqual(p99!)
    expect(nodeCpu).toBeCloseTo(1_000 / operations)
    expect(postgresCpu).toBeNull()
    expect(statements).toBe(2)
    expect(failuresPerSecond).toBe(0)
  })

  it('lets a system begin anew before each window, and counts anew what it stores', async () => {
    let stored = 7
    const begun: number[] = []
    const sample = measured({
      async renew() {
        begun.push(stored)
        stored = 0
      },
      async operation() {
        await pause()
        stored++
      },
      stored: async () => stored,
    })
    await sample.window(1, 0.02)
    const first = stored
    await sample.window(1, 0.02)
    expect(begun).toEqual([7, first])
  })

  it('counts operations that came to nothing apart, and goes on', async () => {
    let attempts = 0
    let stored = 0
    const sample = measured({
      async operation(caller) {
        await pause()
        attempts++
        if (caller === 0) throw new OperationFailed('a conflict')
        stored++
      },
      stored: async () => stored,
    })
    const { perSecond, failuresPerSecond } = await sample.window(2, 0.05)
    expect(failuresPerSecond).toBeGreaterThanOrEqual((attempts - stored - 1) / 0.05)
    expect(perSecond).toBeGreaterThanOrEqual((stored - 1) / 0.05)
    expect(attempts).toBeGreaterThan(stored)
  })

  it('has no figure of one event where all came to nothing', async () => {
    const sample = measured({
      async operation() {
        await pause()
        throw new OperationFailed('a conflict')
      },
      stored: async () => 0,
    })
    expect(await sample.window(2, 0.02)).toMatchObject({ perSecond: 0, p50: null, nodeCpu: null, statements: null })
  })

  it('counts the events of an operation, and leaves out a latency that says nothing', async () => {
    let stored = 0
    const sample = measured(
      {
        async operation() {
          await pause()
          stored += 10
        },
        stored: async () => stored,
      },
      { eventsPerOperation: 10, hasLatency: false },
    )
    const { p50, p99 } = await sample.window(2, 0.02)
    await sample.window(2, 0.02)
    expect([p50, p99]).toEqual([null, null])
  })

  it('refuses a system that stores fewer events than it acknowledged', async () => {
    let operations = 0
    const sample = measured({
      async operation() {
        await pause()
        operations++
      },
      stored: async () => operations - 1,
    })
    await expect(sample.window(2, 0.02)).rejects.toThrow(/^sample acknowledged \d+ events and stores \d+/)
  })

  it('ends when an operation fails, after those under way have ended', async () => {
    let underWay = 0
    const sample = measured({
      async operation(caller) {
        underWay++
        await pause()
        underWay--
        if (caller === 1) throw new Error('refused')
      },
    })
    const start = performance.now()
    await expect(sample.window(3, 30)).rejects.toThrow('refused')
    expect(performance.now() - start).toBeLessThan(10_000)
    expect(underWay).toBe(0)
  })
})
