import { until } from '@writ/build-tools'
import { type EventStore, eventsOf, newLink, type StoredEvent, systemRuntime } from '@writ/event-store'
import { append, appendDeposits, Deposited, deposited } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { VirtualRuntime } from '../../test/virtual-runtime.js'
import { eventHandler, on } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

function recorder(name = 'recorder') {
  const seen: number[] = []
  return { seen, definition: eventHandler({ name, on: [on(Deposited, ({ amount }) => void seen.push(amount))] }) }
}

async function allEvents(store: EventStore): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for await (const event of eventsOf(store.readAll())) events.push(event)
  return events
}

/** A handler that waits at the amount 1 until it is released. */
function held() {
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
  return { seen, slow, release }
}

describe('what a hint brings along', () => {
  const opened = async (...definitions: ReturnType<typeof eventHandler>[]) => {
    const opened = await running.start(definitions, { runtime: new VirtualRuntime() })
    await until('it is near', () => opened.calls.readAll > 0)
    opened.hints = false
    return opened
  }
  const settled = () => new VirtualRuntime().settle()

  it('is handled without a read where it comes right behind what was read', async () => {
    const { seen, definition } = recorder()
    const { store, calls, bring } = await opened(definition)
    await settled()
    const before = { ...calls }
    for (const amount of [1, 2, 3]) {
      const position = await append(store, deposited(amount))
      await bring(position - 1, position)
    }
    await settled()
    expect(seen).toEqual([1, 2, 3])
    expect([calls.readAll, calls.head]).toEqual([before.readAll, before.head])
  })

  it('is read, with what stands before it, where that was not read yet', async () => {
    const { seen, definition } = recorder()
    const { store, bring } = await opened(definition)
    const position = await append(store, deposited(1), deposited(2), deposited(3))
    await bring(position - 1, position)
    await settled()
    expect(seen).toEqual([1, 2, 3])
  })

  it('is passed over where it was read already', async () => {
    const { seen, definition } = recorder()
    const { store, calls, bring } = await opened(definition)
    const position = await append(store, deposited(1), deposited(2))
    await bring(position - 2, position)
    await settled()
    const before = calls.readAll
    await bring(position - 2, position - 1)
    await bring(position - 1, position)
    await settled()
    expect(seen).toEqual([1, 2])
    expect(calls.readAll).toBe(before)
  })

  it('is read where it begins before what was read, and goes beyond', async () => {
    const { seen, definition } = recorder()
    const { store, bring } = await opened(definition)
    const position = await append(store, deposited(1), deposited(2))
    await bring(position - 2, position - 1)
    await bring(position - 2, position)
    await settled()
    expect(seen).toEqual([1, 2])
  })

  it('comes once and in order, when it comes while the log is being read', async () => {
    const { seen, definition } = recorder()
    const process = await opened(definition)
    const { store, calls, bring } = process
    await settled()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const before = calls.readAll
    process.before.readAll = () => held
    const position = await append(store, deposited(1))
    process.hints = true
    await append(store, deposited(2))
    process.hints = false
    await until('it reads', () => calls.readAll > before)
    await bring(position - 1, position)
    await append(store, deposited(3))
    await bring(position + 1, position + 2)
    release()
    await until('all were handled', () => seen.length === 3)
    await settled()
    expect(seen).toEqual([1, 2, 3])
    expect(calls.readAll - before).toBe(1)
  })

  it('that is a link moves everyone on', async () => {
    const { seen, definition } = recorder()
    const { store, calls, bring, subscriptions } = await opened(definition)
    const position = await append(store, deposited(1))
    await bring(position - 1, position)
    const [event] = await allEvents(store)
    const { position: link } = await store.append({ stream: 'audit-1', events: [newLink(event!, systemRuntime.uuid())] })
    await settled()
    const before = calls.readAll
    await bring(position, link)
    await subscriptions.waitFor(link, ['recorder'])
    expect(seen).toEqual([1])
    expect(calls.readAll).toBe(before)
  })

  it('is read where it is more than a page', async () => {
    const { seen, definition } = recorder()
    const { store, eventsRead, bring, ...process } = await opened(definition)
    const position = await appendDeposits(store, 3_000)
    await bring(0, position)
    await until('all were handled', () => seen.length === 3_000)
    expect(process.calls.readAll).toBeGreaterThan(1)
    expect(eventsRead).toBe(0)
  })

  it('is left in the store while the fastest is too slow for it', async () => {
    const { seen, slow, release } = held()
    const process = await opened(slow)
    const { store, bring } = process
    await settled()
    for (let done = 0; done < 10_000; done += 1_000) {
      const position = await append(store, ...Array.from({ length: 1_000 }, (_, index) => deposited(done + index + 1)))
      await bring(position - 1_000, position)
      await settled()
    }
    const readMeanwhile = process.eventsRead
    release()
    await until('all were handled', () => seen.length === 10_000)
    expect(seen.every((amount, index) => amount === index + 1)).toBe(true)
    expect(readMeanwhile).toBe(0)
    expect(process.eventsRead).toBeGreaterThanOrEqual(5_000)
  })

  it('is for nobody while nobody follows, and is read by who comes', async () => {
    const { seen, definition } = recorder()
    const { store, bring, subscriptions } = await opened(definition)
    await subscriptions.pause('recorder')
    await until('it pauses', () => subscriptions.status()[0]!.state === 'paused')
    const position = await append(store, deposited(1))
    await bring(position - 1, position)
    await subscriptions.resume('recorder')
    await until('it was handled', () => seen.length === 1)
  })
})

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

  it('does not look often while hints tell of everything', async () => {
    const runtime = new VirtualRuntime()
    const { seen, definition } = recorder()
    const opened = await running.start([definition], { runtime })
    await runtime.advance(5_000)
    await append(opened.store, deposited(1))
    await runtime.settle()
    const before = opened.calls.readAll
    await runtime.advance(900)
    expect(opened.calls.readAll - before).toBeLessThanOrEqual(1)
    expect(seen).toEqual([1])
  })

  it('looks once a second again when events without hints have ceased', async () => {
    const runtime = new VirtualRuntime()
    const { seen, definition } = recorder()
    const opened = await running.start([definition], { runtime })
    opened.hints = false
    await runtime.advance(5_000)
    for (let amount = 1; amount <= 5; amount++) {
      await append(opened.store, deposited(amount))
      while (seen.length < amount) await runtime.advance(5)
    }
    const before = opened.calls.readAll
    await runtime.advance(3_600_000)
    // Each look that finds nothing makes the pause twice as long, up to a second.
    expect(opened.calls.readAll - before).toBeLessThanOrEqual(3_600 + 6)
    expect(opened.calls.readAll - before).toBeGreaterThanOrEqual(3_600 - 6)
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
    const { seen, slow, release } = held()
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
