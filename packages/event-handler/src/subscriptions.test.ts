import { until } from '@writ/build-tools'
import { EventTypes } from '@writ/event-store'
import { append, appendDeposits, bankEvents, Deposited, deposited, Renamed, Withdrawn, withdrawn } from '../test/bank-events.js'
import { Running } from '../test/running.js'
import { eventHandler, on, Subscriptions } from './index.js'

const running = new Running()
afterEach(() => running.stop())

function recorder(name = 'recorder', options: Partial<Parameters<typeof eventHandler>[0]> = {}) {
  const seen: number[] = []
  const definition = eventHandler({ name, on: [on(Deposited, ({ amount }) => void seen.push(amount))], ...options })
  return { seen, definition }
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('a subscription', () => {
  it('is handed every event of the log, in order', async () => {
    const { seen, definition } = recorder()
    const { store, subscriptions } = await running.open([definition])
    await appendDeposits(store, 12_345)
    await subscriptions.start()
    await until('all were handled', () => seen.length === 12_345)
    expect(seen).toEqual(upTo(12_345))
  })

  it('is handed what is appended later', async () => {
    const { seen, definition } = recorder()
    const { store } = await running.start([definition])
    await append(store, deposited(1))
    await until('the first came', () => seen.length === 1)
    await append(store, withdrawn(5), deposited(2))
    await until('the second came', () => seen.length === 2)
    expect(seen).toEqual([1, 2])
  })

  it('goes on after its checkpoint; an orderly stop repeats nothing', async () => {
    const first = recorder()
    const one = await running.start([first.definition])
    await appendDeposits(one.store, 10)
    await until('all were handled', () => first.seen.length === 10)
    await one.subscriptions.stop()
    const second = recorder()
    const two = await running.start([second.definition])
    await append(two.store, deposited(11))
    await until('the new one was handled', () => second.seen.length > 0)
    expect(second.seen).toEqual([11])
  })

  it('lets the handler at work finish when it is stopped, and starts no other', async () => {
    let finish = () => {}
    const seen: number[] = []
    const signals: AbortSignal[] = []
    const slow = eventHandler({
      name: 'slow',
      on: [
        on(Deposited, async ({ amount }, { signal }) => {
          signals.push(signal)
          await new Promise<void>((resolve) => {
            finish = resolve
          })
          seen.push(amount)
        }),
      ],
    })
    const { store, subscriptions } = await running.start([slow])
    await appendDeposits(store, 3)
    await until('the first is at work', () => signals.length === 1)
    const stopped = subscriptions.stop()
    await until('it was asked to hurry', () => signals[0]!.aborted)
    finish()
    await stopped
    expect(seen).toEqual([1])
    expect(await store.checkpoints.list('slow')).toMatchObject([{ checkpoint: 1, owner: undefined }])
    expect(subscriptions.status()).toMatchObject([{ state: 'stopped', checkpoint: 1 }])
  })

  it('starts after the newest event, or after a position, when it is told to', async () => {
    const current = recorder('current', { startFrom: 'current' })
    const later = recorder('later', { startFrom: 2 })
    const { store, subscriptions } = await running.open([current.definition, later.definition])
    await appendDeposits(store, 3)
    await subscriptions.start()
    await append(store, deposited(4))
    await until('both have seen the newest', () => current.seen.includes(4) && later.seen.includes(4))
    expect(current.seen).toEqual([4])
    expect(later.seen).toEqual([3, 4])
  })

  it('misses nothing from its start on, even before it runs', async () => {
    const { seen, definition } = recorder('current', { startFrom: 'current' })
    const { store, subscriptions } = await running.open([definition])
    await appendDeposits(store, 2)
    const started = subscriptions.start()
    await started
    await append(store, deposited(3))
    await until('it came', () => seen.length > 0)
    expect(seen).toEqual([3])
  })

  it('gets each event decoded once, however many want it', async () => {
    let decoded = 0
    class CountingTypes extends EventTypes {
      override decode(...args: Parameters<EventTypes['decode']>) {
        decoded++
        return super.decode(...args)
      }
    }
    const [one, two] = [recorder('one'), recorder('two')]
    const { store } = await running.open([])
    const subscriptions = new Subscriptions({ store, events: new CountingTypes([Deposited]) })
    subscriptions.add(one.definition)
    subscriptions.add(two.definition)
    await subscriptions.start()
    await append(store, deposited(0))
    await until('both are near', () => one.seen.length === 1 && two.seen.length === 1)
    decoded = 0
    await append(store, withdrawn(1))
    for (let amount = 1; amount <= 50; amount++) await append(store, deposited(amount))
    await until('both have all', () => one.seen.length === 51 && two.seen.length === 51)
    await subscriptions.stop()
    expect(decoded).toBe(50)
  })

  it('is not held up by a slower one', async () => {
    const quick = recorder('quick')
    let isBlocked = true
    let release = () => {}
    const blocked = new Promise<void>((resolve) => {
      release = resolve
    })
    const slowSeen: number[] = []
    const slow = eventHandler({
      name: 'slow',
      on: [
        on(Deposited, async ({ amount }) => {
          if (isBlocked && amount > 0) await blocked
          slowSeen.push(amount)
        }),
      ],
    })
    const { store } = await running.start([quick.definition, slow])
    await append(store, deposited(0))
    await until('both are near', () => quick.seen.length === 1 && slowSeen.length === 1)
    await appendDeposits(store, 20_000)
    await until('the quick one has all', () => quick.seen.length === 20_001)
    expect(slowSeen).toEqual([0])
    isBlocked = false
    release()
    await until('the slow one has caught up by itself', () => slowSeen.length === 20_001)
    expect(slowSeen).toEqual([0, ...upTo(20_000)])
  })

  it('lets the rest of the process have its turn, also when its handlers never wait', async () => {
    const turns: number[] = []
    const busy = eventHandler({
      name: 'busy',
      on: [
        on(Deposited, ({ amount }) => {
          const until = performance.now() + 1
          while (performance.now() < until);
          turns.push(amount)
        }),
      ],
    })
    const { store, subscriptions } = await running.open([busy])
    await appendDeposits(store, 200)
    await subscriptions.start()
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    await until('all were handled', () => turns.length === 200)
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(5)
  })

  it('reads only what concerns it when that is little', async () => {
    const seen: number[] = []
    const rare = eventHandler({ name: 'rare', on: [on(Withdrawn, ({ amount }) => void seen.push(amount))] })
    const opened = await running.open([rare])
    for (let round = 1; round <= 10; round++) {
      await appendDeposits(opened.store, 5_000)
      await append(opened.store, withdrawn(round))
    }
    await opened.subscriptions.start()
    await until('all were handled', () => seen.length === 10)
    expect(seen).toEqual(upTo(10))
    expect(opened.calls.readAll).toBeLessThan(10)
  })

  it('moves past events that do not concern it without a write for each', async () => {
    const { definition } = recorder()
    const { store, subscriptions, calls } = await running.open([definition])
    for (let round = 0; round < 2_000; round++) await append(store, new Renamed({ name: 'n' }))
    await subscriptions.start()
    await until('it has moved past them', async () => (await store.checkpoints.list('recorder'))[0]?.checkpoint === 2_000)
    expect(calls.advance).toBeLessThan(5)
  })

  it('stores its checkpoint by time, not by event', async () => {
    const { seen, definition } = recorder()
    const { store, subscriptions, calls } = await running.open([definition])
    await appendDeposits(store, 20_000)
    await subscriptions.start()
    await until('all were handled', () => seen.length === 20_000)
    await until('all is stored', () => subscriptions.status()[0]!.checkpoint === 20_000)
    expect(calls.advance).toBeLessThan(20)
  })

  it('stops loudly at an event that it wants and that can not be read', async () => {
    const { seen, definition } = recorder('reader', { onError: () => 'skip' })
    const { store, subscriptions, logger } = await running.start([definition])
    await append(store, deposited(1))
    await store.append({
      stream: 'account-a',
      events: [{ id: crypto.randomUUID(), type: 'deposited', schemaVersion: 2, data: '{"amount":2}', metadata: '{}', tags: [] }],
    })
    await append(store, deposited(3))
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(seen).toEqual([1])
    expect(subscriptions.status()).toMatchObject([{ checkpoint: 1, error: { code: 'undecodable-event' } }])
    expect(logger.at('error')).toHaveLength(1)
  })

  it('does not mind unknown events that it does not want', async () => {
    const { seen, definition } = recorder()
    const { store } = await running.start([definition])
    await store.append({
      stream: 'x-1',
      events: [{ id: crypto.randomUUID(), type: 'from-another-world', schemaVersion: 1, data: '{}', metadata: '{}', tags: [] }],
    })
    await append(store, deposited(1))
    await until('it came', () => seen.length === 1)
  })

  it('stops and explains when its checkpoint is ahead of the log', async () => {
    const { definition } = recorder('restored', { startFrom: 10 })
    const { store, subscriptions } = await running.start([definition])
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(subscriptions.status()).toMatchObject([
      { error: { code: 'checkpoint-ahead-of-log', message: expect.stringMatching(/at 10, and the log ends at 0.*backup/) } },
    ])
    expect((await store.checkpoints.list('restored'))[0]).toMatchObject({ checkpoint: 10, owner: undefined })
  })
})

describe('subscriptions', () => {
  it('refuse two of one name', async () => {
    const subscriptions = new Subscriptions({ store: (await running.open([])).store, events: bankEvents })
    subscriptions.add(recorder('same').definition)
    expect(() => subscriptions.add(recorder('same').definition)).toThrow(
      expect.objectContaining({ code: 'duplicate-subscription' }),
    )
  })

  it('refuse to be changed while they run', async () => {
    const { subscriptions } = await running.start([])
    expect(() => subscriptions.add(recorder().definition)).toThrow(expect.objectContaining({ code: 'subscriptions-running' }))
  })

  it('leave nothing running when their start fails, and can be started again', async () => {
    const { seen, definition } = recorder()
    const opened = await running.open([definition])
    opened.takeAway()
    await expect(opened.subscriptions.start()).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(opened.subscriptions.status()).toMatchObject([{ state: 'starting' }])
    opened.heal()
    await opened.subscriptions.start()
    await append(opened.store, deposited(1))
    await until('it came', () => seen.length === 1)
  })

  it('can be started again after a stop', async () => {
    const { seen, definition } = recorder()
    const { store, subscriptions } = await running.start([definition])
    await append(store, deposited(1))
    await until('it came', () => seen.length === 1)
    await subscriptions.stop()
    await append(store, deposited(2))
    await subscriptions.start()
    await until('the second came', () => seen.length === 2)
  })

  it('tell how far behind each of them is', async () => {
    let release = () => {}
    const blocked = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = eventHandler({ name: 'slow', on: [on(Deposited, () => blocked)] })
    const { store, subscriptions } = await running.start([slow])
    await until('it runs', () => subscriptions.status()[0]!.state === 'running')
    await appendDeposits(store, 7)
    await until('the lag is known', () => subscriptions.status()[0]!.lag === 7)
    release()
    await until('there is no lag', () => subscriptions.status()[0]!.lag === 0)
  })

  it('refuse to wait before they are started', async () => {
    const { subscriptions } = await running.open([])
    await expect(subscriptions.waitFor(1)).rejects.toMatchObject({ code: 'subscriptions-not-running' })
  })
})
