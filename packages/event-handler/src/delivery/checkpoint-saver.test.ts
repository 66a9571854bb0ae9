import { until } from '@writ/build-tools'
import { append, appendDeposits, Deposited, deposited, Renamed } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { VirtualRuntime } from '../../test/virtual-runtime.js'
import {
  type CheckpointOptions,
  EventHandler,
  type EventHandlerOptions,
  eventHandler,
  eventHandlerOf,
  On,
  on,
  projection,
} from '../index.js'

const running = new Running()
afterEach(() => running.stop())

function recorder(options: Partial<EventHandlerOptions> = {}) {
  const seen: number[] = []
  const handler = on(Deposited, ({ amount }) => void seen.push(amount))
  return { seen, definition: eventHandler({ name: 'recorder', ...options, on: [handler] }) }
}

function storing() {
  let isStored = () => {}
  const stored = new Promise<void>((resolve) => {
    isStored = resolve
  })
  return { stored, isStored: () => isStored() }
}

describe('a checkpoint that is being stored', () => {
  it('holds no handler up, but until the next one is due', async () => {
    const { seen, definition } = recorder({ checkpoint: { events: 2_000, within: 60_000 } })
    const { store, before, subscriptions, ...opened } = await running.open([definition])
    await appendDeposits(store, 12_000)
    const { isStored, stored } = storing()
    before.advance = (call) => (call === 1 ? stored : undefined)
    await subscriptions.start()
    await until('the next save is due', () => seen.length > 2_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen).toHaveLength(2_001)
    expect(opened.calls.advance).toBe(1)
    isStored()
    await until('all are handled', () => seen.length === 12_000)
    await subscriptions.stop()
    expect(await store.checkpoints.list('recorder')).toMatchObject([{ checkpoint: 12_000 }])
  })

  it('is waited for before the lease is given back', async () => {
    const { seen, definition } = recorder()
    const { store, before, calls, subscriptions } = await running.start([definition])
    const { isStored, stored } = storing()
    before.advance = (call) => (call === 1 ? stored : undefined)
    await append(store, deposited(1), deposited(2))
    await until('they are handled, and being stored', () => seen.length === 2 && calls.advance === 1)
    const stopped = subscriptions.stop()
    expect(calls.release).toBe(0)
    isStored()
    await stopped
    expect(await store.checkpoints.list('recorder')).toMatchObject([{ checkpoint: 2, owner: undefined }])
  })
})

describe('a checkpoint is stored', () => {
  const seen: number[] = []
  beforeEach(() => seen.splice(0))

  @EventHandler({ name: 'recorder', checkpoint: { events: 3, within: 60_000 } })
  class Recorder {
    @On(Deposited)
    deposited({ amount }: Deposited) {
      seen.push(amount)
    }
  }
  const handle = on(Deposited, ({ amount }) => void seen.push(amount))
  const checkpoint = { events: 3, within: 60_000 }

  it.each([
    ['as a class', eventHandlerOf(Recorder, () => new Recorder())],
    ['as a value', eventHandler({ name: 'recorder', checkpoint, on: [handle] })],
    ['with concurrency', eventHandler({ name: 'recorder', checkpoint, concurrency: 4, on: [handle] })],
    ['one that is waited for', eventHandler({ name: 'recorder', checkpoint, consistency: 'strong', on: [handle] })],
  ])('after so many events, whatever time passes: %s', async (_, definition) => {
    const runtime = new VirtualRuntime()
    const { store, subscriptions } = await running.open([definition], { runtime, leaseMilliseconds: 600_000 })
    await subscriptions.start()
    const stored = async (position: number, handled: number) => {
      await runtime.advance(20_000)
      await until('they are handled', () => seen.length === handled)
      expect(await store.checkpoints.list('recorder')).toMatchObject([{ checkpoint: position }])
    }
    // The first one of a quiet time at once.
    await append(store, deposited(1))
    await stored(1, 1)
    await append(store, deposited(2))
    await append(store, deposited(3))
    await stored(1, 3)
    await append(store, deposited(4))
    await stored(4, 4)
    await Promise.all([subscriptions.stop(), runtime.advance(1_000)])
  })

  it('after so much time, whatever the number of events, and in its own time past what does not concern it', async () => {
    const { definition } = recorder({ checkpoint: { within: 5_000 } })
    const runtime = new VirtualRuntime()
    const { store, subscriptions } = await running.open([definition], { runtime, leaseMilliseconds: 600_000 })
    const checkpointOf = async () => (await store.checkpoints.list('recorder'))[0]!.checkpoint
    await subscriptions.start()
    await append(store, deposited(1))
    await runtime.advance(1_000)
    await append(store, deposited(2), deposited(3))
    await runtime.advance(3_900)
    expect(await checkpointOf()).toBe(1)
    await runtime.advance(2_000)
    expect(await checkpointOf()).toBe(3)
    await append(store, new Renamed({ name: 'n' }))
    await runtime.advance(2_000)
    expect(await checkpointOf()).toBe(3)
    await runtime.advance(5_000)
    expect(await checkpointOf()).toBe(4)
    await Promise.all([subscriptions.stop(), runtime.advance(1_000)])
  })

  it('as the process has it for all that do not say so themselves; a strong one is never that late', async () => {
    const stored = async (own: CheckpointOptions | undefined, consistency: 'eventual' | 'strong') => {
      const { seen, definition } = recorder({ ...(own && { checkpoint: own }), consistency })
      const opened = await running.open([definition], { checkpoint: { events: 2, within: 60_000 } })
      await opened.subscriptions.start()
      const { checkpoint: before } = opened.subscriptions.status()[0]!
      const first = await append(opened.store, deposited(1))
      await until('the first is stored', () => opened.subscriptions.status()[0]!.checkpoint === first)
      await append(opened.store, deposited(2))
      await until('it is handled', () => seen.includes(2))
      const second = await append(opened.store, deposited(3))
      await until('they are stored', () => opened.subscriptions.status()[0]!.checkpoint === second)
      await opened.subscriptions.stop()
      return { before, saves: opened.calls.advance }
    }
    expect((await stored(undefined, 'eventual')).saves).toBe(2)
    expect((await stored({ events: 1 }, 'eventual')).saves).toBe(3)
    expect((await stored(undefined, 'strong')).saves).toBeGreaterThanOrEqual(2)
  })

  it('in its time while a handler with concurrency has no room for more', async () => {
    const doors: (() => void)[] = []
    const slow = eventHandler({
      name: 'recorder',
      concurrency: 2,
      partitionBy: ({ amount }: Deposited) => String(amount),
      on: [on(Deposited, () => new Promise<void>((open) => doors.push(open)))],
    })
    const { store, subscriptions } = await running.open([slow])
    await appendDeposits(store, 3_000)
    await subscriptions.start()
    for (const finished of [100, 200, 300]) {
      await until('so many are finished', () => {
        if (doors.length < finished + 2) for (const open of doors) open()
        return doors.length >= finished + 2
      })
      await until('what is finished is stored', async () => (await store.checkpoints.list('recorder'))[0]!.checkpoint >= finished)
    }
    expect(doors.length).toBeLessThan(1_000)
    let isOver = false
    const stopped = subscriptions.stop().then(() => {
      isOver = true
    })
    await until('it has stopped', () => {
      for (const open of doors) open()
      return isOver
    })
    await stopped
  })

  it.each([
    [{ events: 0 }, "'events' must be an integer from 1 to 100000"],
    [{ within: 60_001 }, "'within' must be milliseconds from 0 to 60000"],
    [{ event: 5 } as CheckpointOptions, "'event' is unknown"],
  ])('by no other rule: %j', async (wrong, why) => {
    const refused = expect.objectContaining({ code: 'invalid-subscription', why: expect.stringContaining(why) })
    expect(() => recorder({ checkpoint: wrong })).toThrow(refused)
    await expect(running.open([], { checkpoint: wrong })).rejects.toEqual(refused)
  })

  it('with its rows where it is a projection, which has no such option', () => {
    const wrong = { name: 'rows', checkpoint, on: [on(Deposited, () => {})] }
    expect(() => projection(wrong)).toThrow(expect.objectContaining({ code: 'invalid-subscription' }))
  })
})
