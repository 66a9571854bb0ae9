import { append, appendDeposits, Deposited, deposited } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { until } from '../../test/until.js'
import { VirtualRuntime } from '../../test/virtual-runtime.js'
import { eventHandler, on } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

function recorder(name = 'recorder') {
  const seen: number[] = []
  return { seen, definition: eventHandler({ name, on: [on(Deposited, ({ amount }) => void seen.push(amount))] }) }
}

describe('the log reader', () => {
  it('finds events within a second when the hint is lost', async () => {
    const runtime = new VirtualRuntime()
    const { seen, definition } = recorder()
    const opened = await running.start([definition], { runtime })
    await runtime.advance(10_000)
    opened.hints = false
    await append(opened.store, deposited(1))
    await runtime.settle()
    expect(seen).toEqual([])
    await runtime.advance(1_000)
    expect(seen).toEqual([1])
  })

  it('looks often while events flow without hints', async () => {
    const runtime = new VirtualRuntime()
    const { seen, definition } = recorder()
    const opened = await running.start([definition], { runtime })
    opened.hints = false
    await runtime.advance(5_000)
    await append(opened.store, deposited(1))
    while (seen.length === 0) await runtime.advance(5)
    await append(opened.store, deposited(2))
    await runtime.advance(25)
    expect(seen).toEqual([1, 2])
  })

  it('looks once a second while nothing happens', async () => {
    const runtime = new VirtualRuntime()
    const opened = await running.start([recorder().definition], { runtime })
    await runtime.advance(10_000)
    const before = opened.calls.readAll
    await runtime.advance(60_000)
    expect(opened.calls.readAll - before).toBeLessThanOrEqual(61)
  })

  it('reads once for all that are near', async () => {
    const names = ['one', 'two', 'three', 'four']
    const recorders = names.map(recorder)
    const opened = await running.start(recorders.map(({ definition }) => definition))
    await append(opened.store, deposited(1))
    await until('all are near', () => recorders.every(({ seen }) => seen.length === 1))
    const before = opened.calls.readAll
    for (let amount = 2; amount <= 11; amount++) await append(opened.store, deposited(amount))
    await until('all have it', () => recorders.every(({ seen }) => seen.length === 11))
    expect(opened.calls.readAll - before).toBeLessThanOrEqual(15)
  })

  it('survives a store that is away, says so, and goes on by itself without another append', async () => {
    const { seen, definition } = recorder()
    const opened = await running.start([definition])
    await append(opened.store, deposited(1))
    await until('the first came', () => seen.length === 1)
    opened.takeAway()
    await append(opened.store, deposited(2))
    await until('the status shows it', () => opened.subscriptions.status()[0]!.state === 'retrying')
    expect(opened.subscriptions.status()[0]!.error).toMatchObject({ message: expect.stringContaining('could not be reached') })
    expect(opened.logger.at('warn').length).toBeGreaterThan(0)
    opened.heal()
    await until('the second came', () => seen.length === 2)
    await until('the status shows that, too', () => opened.subscriptions.status()[0]!.state === 'running')
    expect(seen).toEqual([1, 2])
  })

  it('runs no further ahead of the fastest than the ring holds, and reads nothing twice', async () => {
    const seen: number[] = []
    let release = () => {}
    const blocked = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = eventHandler({
      name: 'slow',
      on: [
        on(Deposited, async ({ amount }) => {
          if (amount === 1) await blocked
          seen.push(amount)
        }),
      ],
    })
    const opened = await running.start([slow])
    await append(opened.store, deposited(0))
    await until('it is near', () => seen.length === 1)
    const before = opened.eventsRead
    await appendDeposits(opened.store, 30_000)
    await until('the reader has begun', () => opened.eventsRead > before)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(opened.eventsRead - before).toBeLessThan(6_000)
    release()
    await until('all were handled', () => seen.length === 30_001)
    expect(opened.eventsRead - before).toBe(30_000)
  })

  it('never gives a slow one less than all', async () => {
    const seen: number[] = []
    const slow = eventHandler({
      name: 'slow',
      on: [
        on(Deposited, async ({ amount }) => {
          if (amount % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve))
          seen.push(amount)
        }),
      ],
    })
    const quick = recorder('quick')
    const { store } = await running.start([slow, quick.definition])
    await appendDeposits(store, 40_000)
    await until('both have all', () => seen.length === 40_000 && quick.seen.length === 40_000)
    expect(seen.every((amount, index) => amount === index + 1)).toBe(true)
    expect(quick.seen.every((amount, index) => amount === index + 1)).toBe(true)
  })
})
