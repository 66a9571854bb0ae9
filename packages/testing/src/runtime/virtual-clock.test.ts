import { testRuntime } from './test-runtime.js'
import { virtualClock } from './virtual-clock.js'

describe('a virtual clock', () => {
  it('stands still until it is moved', async () => {
    const clock = virtualClock({ now: '2026-11-01T12:00:00Z' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(new Date(clock.now()).toISOString()).toBe('2026-11-01T12:00:00.000Z')
    await clock.advance(90_000)
    expect(new Date(clock.now()).toISOString()).toBe('2026-11-01T12:01:30.000Z')
    expect(clock.monotonic()).toBe(90_000)
  })

  it('moves to a moment, and never back', async () => {
    const clock = virtualClock({ now: 1_000 })
    await clock.advanceTo(5_000)
    expect(clock.now()).toBe(5_000)
    expect(() => clock.advanceTo(4_999)).toThrow('never runs backwards')
    expect(() => clock.advance(-1)).toThrow('never runs backwards')
    expect(() => virtualClock({ now: 'tomorrow' })).toThrow("'tomorrow' is no moment")
  })

  it('wakes sleepers at their times, in order, those of one time in the order in which they fell asleep', async () => {
    const clock = virtualClock({ now: 0 })
    const woken: string[] = []
    const sleeper = async (name: string, milliseconds: number) => {
      await clock.sleep(milliseconds)
      woken.push(`${name} at ${clock.now()}`)
    }
    void sleeper('late', 300)
    void sleeper('first', 100)
    void sleeper('second', 100)
    await clock.advance(250)
    expect(woken).toEqual(['first at 100', 'second at 100'])
    await clock.advance(50)
    expect(woken).toEqual(['first at 100', 'second at 100', 'late at 300'])
  })

  it('lets those who fall asleep again wake again within one advance', async () => {
    const clock = virtualClock({ now: 0 })
    const ticks: number[] = []
    void (async () => {
      for (;;) {
        await clock.sleep(1_000)
        ticks.push(clock.now())
      }
    })()
    await clock.advance(3_500)
    expect(ticks).toEqual([1_000, 2_000, 3_000])
  })

  it('ends a sleep whose signal aborts, at once and without an error', async () => {
    const clock = virtualClock()
    const waking = new AbortController()
    const asleep = clock.sleep(1_000_000, waking.signal)
    waking.abort()
    await asleep
    await clock.sleep(1_000_000, waking.signal)
    expect(clock.monotonic()).toBe(0)
  })

  it('waits for what really takes time before it goes on', async () => {
    const clock = virtualClock({ now: 0 })
    const steps: string[] = []
    void clock.sleep(100).then(async () => {
      await clock.during(new Promise((resolve) => setTimeout(resolve, 30)))
      steps.push(`answered at ${clock.now()}`)
    })
    void clock.sleep(101).then(() => steps.push(`next at ${clock.now()}`))
    await clock.advance(1_000)
    expect(steps).toEqual(['answered at 100', 'next at 101'])
  })

  it('takes two advances one after the other, also when nobody waits for the first', async () => {
    const clock = virtualClock({ now: 0 })
    const first = clock.advance(100)
    await clock.advance(100)
    await first
    expect(clock.now()).toBe(200)
  })

  it('skips what would have happened meanwhile: whoever sleeps wakes once, late, in order', async () => {
    const clock = virtualClock({ now: 0 })
    const woken: string[] = []
    const tick = async (name: string, every: number) => {
      for (;;) {
        await clock.sleep(every)
        woken.push(`${name} at ${clock.now()}`)
      }
    }
    void tick('slow', 2_000)
    void tick('quick', 1_000)
    await clock.skip(10_000)
    expect(woken).toEqual(['quick at 10000', 'slow at 10000'])
    await clock.advance(1_000)
    expect(woken).toEqual(['quick at 10000', 'slow at 10000', 'quick at 11000'])
    expect(() => clock.skip(-1)).toThrow('never runs backwards')
  })

  it('goes through a day of polling within seconds', async () => {
    const clock = virtualClock()
    void (async () => {
      for (;;) await clock.sleep(1_000)
    })()
    const started = performance.now()
    await clock.advance(24 * 3_600_000)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

describe('a test runtime', () => {
  it('draws the same ids and numbers in every run', () => {
    const [one, other] = [testRuntime({ seed: 7 }), testRuntime({ seed: 7 })]
    const draw = ({ uuid, random }: typeof one) => [uuid(), uuid(), random(), random()]
    const drawn = draw(one)
    expect(drawn).toEqual(draw(other))
    expect(drawn.slice(0, 2)).toEqual(['00000007-0000-7000-8000-000000000001', '00000007-0000-7000-8000-000000000002'])
    for (const number of drawn.slice(2)) expect(number).toBeGreaterThanOrEqual(0)
    expect(testRuntime({ seed: 8 }).random()).not.toBe(drawn[2])
  })

  it('refuses what is no seed', () => {
    expect(() => testRuntime({ seed: 1.5 })).toThrow('The seed 1.5 is none')
  })
})
