import { until } from '@writ/build-tools'
import { InMemoryLog } from '@writ/event-store-memory'
import { append, Deposited, deposited } from '../test/bank-events.js'
import { Running } from '../test/running.js'
import { VirtualRuntime } from '../test/virtual-runtime.js'
import { eventHandler, on, parkAtOnce } from './index.js'

const LEASE = 60_000
const HEARTBEAT = LEASE / 3

const running = new Running()
afterEach(() => running.stop())

/** A process that runs a subscription, and another one that steers it. They live by a clock that stands still until a test moves it. */
async function twoProcesses(options: { readonly partitions?: number } = {}) {
  const runtime = new VirtualRuntime()
  running.log = new InMemoryLog({ runtime })
  const poison = new Set<number>()
  const seen = { there: [] as number[], here: [] as number[] }
  const recorder = (into: number[], partitions?: number) =>
    eventHandler({
      name: 'recorder',
      onError: parkAtOnce,
      ...(partitions !== undefined && { partitions }),
      on: [
        on(Deposited, ({ amount }) => {
          if (poison.has(amount)) throw new Error('poison')
          into.push(amount)
        }),
      ],
    })
  const process = { runtime, leaseMilliseconds: LEASE }
  const there = await running.start([recorder(seen.there)], process)
  await until('it runs there', () => there.subscriptions.status()[0]!.state === 'running')
  const here = await running.start([recorder(seen.here, options.partitions)], process)
  const state = () => there.subscriptions.status()[0]!
  /** Waits for what needs some time, but no heartbeat. */
  const soon = (what: string, condition: () => boolean) =>
    until(what, async () => {
      if (!condition()) await runtime.advance(50)
      if (runtime.monotonic() >= HEARTBEAT) throw new Error(`It took a heartbeat until ${what}`)
      return condition()
    })
  return { runtime, there, here, state, seen, poison, soon }
}

describe('what one process does to a subscription reaches the one that runs it without its heartbeat:', () => {
  it('a pause, and its end', async () => {
    const { there, here, state, seen } = await twoProcesses()
    await append(there.store, deposited(1))
    await until('it was handled', () => seen.there.length === 1)
    await here.subscriptions.pause('recorder')
    await until('it rests there', () => state().state === 'paused')
    await until('its lease is given back', async () => (await here.store.checkpoints.list())[0]!.owner === undefined)
    await append(there.store, deposited(2))
    await here.subscriptions.resume('recorder')
    await until('it goes on there', () => seen.there.length === 2)
    expect(seen.here).toEqual([])
  })

  it('a reset', async () => {
    const { runtime, there, here, seen, soon } = await twoProcesses()
    await append(there.store, deposited(1), deposited(2))
    // Nothing is left to be stored: a store that is asked to would tell of the reset.
    await runtime.advance(1_000)
    expect(await there.store.checkpoints.list()).toMatchObject([{ checkpoint: 2 }])
    await here.subscriptions.reset('recorder', { to: 'origin' })
    await soon('both came again', () => seen.there.length === 4)
    expect(seen).toEqual({ there: [1, 2, 1, 2], here: [] })
  })

  it('a delete', async () => {
    const { there, here, state } = await twoProcesses()
    await here.subscriptions.pause('recorder')
    await until('it rests in both', () => state().isPaused && here.subscriptions.status()[0]!.isPaused)
    await here.subscriptions.delete('recorder')
    await until('it is gone there', () => state().error?.code === 'subscription-deleted')
    expect(await there.store.checkpoints.list()).toEqual([])
  })

  it('a decision on what is parked, without a look either', async () => {
    const { runtime, there, here, state, seen, poison } = await twoProcesses()
    poison.add(1)
    poison.add(3)
    await append(there.store, deposited(1), deposited(2), deposited(3))
    await runtime.advance(1_000)
    expect(await there.store.parked.list('recorder')).toHaveLength(3)
    poison.delete(1)
    const parked = here.subscriptions.parked('recorder')
    await parked.discard({ sequence: 'account-a', position: 3 })
    await until('one is discarded', () => state().parked === 2)
    await parked.retry('all')
    await until('the others were handled', () => state().parked === 0)
    expect(seen).toEqual({ there: [1, 2], here: [] })
  })

  it('another number of partitions, which a process wishes for that starts', async () => {
    const { here, state, soon } = await twoProcesses({ partitions: 4 })
    const [there, own] = [() => state().here, () => here.subscriptions.status()[0]!.here]
    await soon('both have half of the new ones', () => there() === 2 && own() === 2)
  })
})

describe('where the hint of it is lost,', () => {
  it('it is learnt all the same: by the next heartbeat, and a decision by the next look', async () => {
    const { runtime, there, here, state, seen, poison } = await twoProcesses()
    there.hints = false
    poison.add(1)
    await append(there.store, deposited(1))
    await runtime.advance(1_000)
    expect(state().parked).toBe(1)
    poison.clear()
    await here.subscriptions.parked('recorder').retry('all')
    await runtime.settle()
    expect(state().parked).toBe(1)
    await runtime.advance(1_000)
    expect([state().parked, seen.there]).toEqual([0, [1]])
    const learnt = async (steer: () => Promise<void>, paused: boolean) => {
      await steer()
      await runtime.settle()
      expect(state().isPaused).toBe(!paused)
      await runtime.advance(HEARTBEAT)
      expect(state().isPaused).toBe(paused)
    }
    await learnt(() => here.subscriptions.pause('recorder'), true)
    await learnt(() => here.subscriptions.resume('recorder'), false)
    await here.subscriptions.reset('recorder', { to: 'origin' })
    await runtime.settle()
    expect(seen.there).toEqual([1])
    await runtime.advance(HEARTBEAT + 1_000)
    expect(seen).toEqual({ there: [1, 1], here: [] })
  })
})

describe('a process at rest', () => {
  it('asks for nothing but its heartbeat and where the log ends', async () => {
    const { runtime, there } = await twoProcesses()
    await append(there.store, deposited(1))
    await runtime.advance(5_000)
    const before = { ...there.calls }
    await runtime.advance(LEASE)
    const asked = Object.entries(there.calls).map(([operation, calls]) => [
      operation,
      calls - before[operation as keyof typeof before],
    ])
    expect(Object.fromEntries(asked.filter(([, calls]) => calls !== 0))).toEqual({ heartbeat: 3, head: 60, readAll: 60 })
  })

  it('sends no heartbeat for what is done to a subscription in which it has no part', async () => {
    const { runtime, there, here } = await twoProcesses()
    await here.store.checkpoints.register({ name: 'another', startAfter: 0 })
    await runtime.settle()
    const before = { ...there.calls }
    await here.subscriptions.pause('another')
    await here.subscriptions.resume('another')
    await runtime.settle()
    expect(there.calls).toEqual(before)
  })
})
