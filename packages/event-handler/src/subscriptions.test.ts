import type { EventStore } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { eventHandler, on, projection, type SubscriptionDefinition, Subscriptions } from './index.js'
import { append, appendDeposits, bankEvents, Deposited, deposited, withdrawn } from './test/bank-events.js'
import { until } from './test/until.js'

describe('subscriptions', () => {
  const log = () => new InMemoryLog()
  const running: { stop(): Promise<void> }[] = []
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop()
  })

  async function open(
    definitions: SubscriptionDefinition[],
    shared = log(),
  ): Promise<{ store: EventStore; subscriptions: Subscriptions }> {
    const store = inMemoryEventStore({ log: shared })
    await store.start()
    const subscriptions = new Subscriptions({ store, events: bankEvents })
    for (const definition of definitions) subscriptions.add(definition)
    running.push(subscriptions, store)
    return { store, subscriptions }
  }

  function recorder(name = 'recorder', options: Partial<Parameters<typeof eventHandler>[0]> = {}) {
    const seen: number[] = []
    const definition = eventHandler({ name, on: [on(Deposited, ({ amount }) => void seen.push(amount))], ...options })
    return { seen, definition }
  }

  it('hands every event of the log to its handler, in order', async () => {
    const { seen, definition } = recorder()
    const { store, subscriptions } = await open([definition])
    await appendDeposits(store, 12_345)
    await subscriptions.start()
    await until('all were handled', () => seen.length === 12_345)
    expect(seen).toEqual(Array.from({ length: 12_345 }, (_, index) => index + 1))
  })

  it('hands on what is appended later', async () => {
    const { seen, definition } = recorder()
    const { store, subscriptions } = await open([definition])
    await subscriptions.start()
    await append(store, deposited(1))
    await until('the first came', () => seen.length === 1)
    await append(store, withdrawn(5), deposited(2))
    await until('the second came', () => seen.length === 2)
    expect(seen).toEqual([1, 2])
  })

  it('goes on after its checkpoint, and an orderly stop repeats nothing', async () => {
    const shared = log()
    const first = recorder()
    const one = await open([first.definition], shared)
    await one.subscriptions.start()
    await appendDeposits(one.store, 10)
    await until('all were handled', () => first.seen.length === 10)
    await one.subscriptions.stop()
    const second = recorder()
    const two = await open([second.definition], shared)
    await two.subscriptions.start()
    await append(two.store, deposited(11))
    await until('the new one was handled', () => second.seen.length > 0)
    expect(second.seen).toEqual([11])
  })

  it('waits until a strong handler has seen a position', async () => {
    const { seen, definition } = recorder('strong', { consistency: 'strong' })
    const { store, subscriptions } = await open([definition])
    await subscriptions.start()
    const position = await append(store, deposited(1))
    await subscriptions.waitFor(position)
    expect(seen).toEqual([1])
    const uninteresting = await append(store, withdrawn(1))
    await subscriptions.waitFor(uninteresting, ['strong'])
  })

  it('keeps a projection up to date', async () => {
    const balances = new Map<string, number>()
    const definition = projection({
      name: 'balances',
      consistency: 'strong',
      on: [on(Deposited, async ({ account, amount }) => void balances.set(account, (balances.get(account) ?? 0) + amount))],
    })
    const { store, subscriptions } = await open([definition])
    await subscriptions.start()
    const position = await appendDeposits(store, 100)
    await subscriptions.waitFor(position, ['balances'])
    expect(balances.get('a')).toBe(5050)
    expect(subscriptions.status()).toMatchObject([{ name: 'balances@1', state: 'running', checkpoint: position, lag: 0 }])
  })
})
