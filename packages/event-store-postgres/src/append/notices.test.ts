import { silentLogger, systemRuntime } from '@writ/event-store'
import { schemaName } from '../schema/schema-name.js'
import { Notices } from './notices.js'

/** Time stands still until it is moved on. */
function sample() {
  let now = 1_000
  const sleepers: { until: number; wake: () => void }[] = []
  let told = 0
  const runtime = {
    ...systemRuntime,
    monotonic: () => now,
    sleep: (milliseconds: number) => new Promise<void>((wake) => sleepers.push({ until: now + milliseconds, wake })),
  }
  const write = async () => {
    told++
    return []
  }
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    notices: new Notices({ write }, schemaName('writ'), { runtime, logger: silentLogger }),
    toldApart: () => told,
    async pass(milliseconds: number) {
      now += milliseconds
      for (const sleeper of sleepers.splice(0)) sleeper.until <= now ? sleeper.wake() : sleepers.push(sleeper)
      await settled()
    },
  }
}

const wrote = () => true
const wroteNothing = () => false
const atOnce = async (notify: boolean) => notify

describe('Notices', () => {
  it('lets the first batch after a pause tell of itself, and tells of those right behind it together', async () => {
    const { notices, toldApart, pass } = sample()
    expect([await notices.telling(atOnce, wrote), await notices.telling(atOnce, wrote)]).toEqual([true, false])
    await notices.telling(atOnce, wrote)
    await pass(9)
    expect(toldApart()).toBe(0)
    await pass(1)
    expect(toldApart()).toBe(1)
    await pass(100)
    expect(toldApart()).toBe(1)
  })

  it('tells of nothing apart that a later batch has told of', async () => {
    const { notices, toldApart, pass } = sample()
    await notices.telling(atOnce, wrote)
    await notices.telling(atOnce, wrote)
    await pass(6)
    expect(await notices.telling(atOnce, wrote)).toBe(true)
    await pass(100)
    expect(toldApart()).toBe(0)
  })

  it('tells of a batch that was answered after a later one had told of itself', async () => {
    const { notices, toldApart, pass } = sample()
    await notices.telling(atOnce, wrote)
    let answer = () => {}
    const slow = notices.telling(() => new Promise<void>((resolve) => (answer = resolve)), wrote)
    await pass(6)
    expect(await notices.telling(atOnce, wrote)).toBe(true)
    await pass(50)
    answer()
    await slow
    await pass(10)
    expect(toldApart()).toBe(1)
  })

  it('tells of a batch that was answered while a later one was telling of itself, whatever was answered before', async () => {
    const { notices, toldApart, pass } = sample()
    await notices.telling(atOnce, wrote)
    await notices.telling(atOnce, wrote)
    await pass(6)
    let answer = () => {}
    const telling = notices.telling(() => new Promise<void>((resolve) => (answer = resolve)), wrote)
    await pass(1)
    await notices.telling(atOnce, wrote)
    answer()
    await telling
    await pass(9)
    expect(toldApart()).toBe(0)
    await pass(1)
    expect(toldApart()).toBe(1)
  })

  it('does not count on a batch that wrote nothing', async () => {
    const { notices, toldApart, pass } = sample()
    await notices.telling(atOnce, wrote)
    await notices.telling(atOnce, wrote)
    await pass(6)
    expect(await notices.telling(atOnce, wroteNothing)).toBe(true)
    await pass(4)
    expect(toldApart()).toBe(1)
  })

  it('tells of a batch whose answer was lost, and at once when the store stops', async () => {
    const { notices, toldApart, pass } = sample()
    await expect(notices.telling(() => Promise.reject(new Error('cut off')), wrote)).rejects.toThrow('cut off')
    const settling = notices.settle()
    await pass(10)
    await settling
    expect(toldApart()).toBe(1)
  })
})
