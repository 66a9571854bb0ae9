import { until } from '@writ/build-tools'
import { type EventStore, eventsOf, newEvent, newLink, systemRuntime } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { appendDeposits, Deposited, deposited } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import type { TestTransaction } from '../../test/troubled-store.js'
import { eventHandler, on, projection } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

const recorder = (name: string, seen: number[]) =>
  eventHandler({ name, on: [on(Deposited, ({ amount }) => void seen.push(amount))] })
const ledger = projection<TestTransaction>({
  name: 'ledger',
  on: [on(Deposited, ({ amount }, { write }) => write(String(amount)))],
})

async function appendTo(store: EventStore, stream: string, ...amounts: number[]): Promise<void> {
  await store.append({ stream, events: amounts.map((amount) => newEvent(deposited(amount), systemRuntime.uuid())) })
}

/** Links the first event of the log into another stream. */
async function appendLink(store: EventStore): Promise<number> {
  for await (const event of eventsOf(store.readAll({ limit: 1 }))) {
    return (await store.append({ stream: 'audit-1', events: [newLink(event, systemRuntime.uuid())] })).position
  }
  throw new Error('the log is empty')
}

/** A store of another process that may take events out. */
async function eraser(): Promise<EventStore> {
  const store = inMemoryEventStore({ log: running.log, allowHardDelete: true })
  await store.start()
  return store
}

describe('a log that does not end with an event', () => {
  it('is followed to its end by a subscription that runs, so that a wait for a link comes to its end', async () => {
    const seen: number[] = []
    const { store, subscriptions } = await running.start([recorder('one', seen)])
    await appendDeposits(store, 3)
    const position = await appendLink(store)
    await subscriptions.waitFor(position, ['one'])
    expect(seen).toEqual([1, 2, 3])
    expect(subscriptions.status()).toMatchObject([{ name: 'one', lag: 0 }])
    await appendDeposits(store, 1)
    await until('what came later was handled', () => seen.length === 4)
  })

  it('is followed to its end by one that is behind, beside one that is there already', async () => {
    const [one, two]: [number[], number[]] = [[], []]
    const first = await running.start([recorder('one', one)])
    await appendDeposits(first.store, 300)
    const { position } = await first.store.streams.delete('account-a')
    await first.subscriptions.waitFor(position, ['one'])
    await first.subscriptions.stop()
    const { store, subscriptions, calls } = await running.start([recorder('one', one), recorder('two', two)])
    await subscriptions.waitFor(position, ['one', 'two'])
    expect([one.length, two.length]).toEqual([300, 300])
    expect(calls.readAll).toBeLessThan(50)
    await appendTo(store, 'account-b', 1)
    await until('both go on', () => one.length === 301 && two.length === 301)
  })
})

describe('a stream that is taken out', () => {
  it('is passed over by a subscription that runs', async () => {
    const seen: number[] = []
    const { store, subscriptions } = await running.start([recorder('one', seen)])
    await appendTo(store, 'account-a', 1, 2)
    await appendTo(store, 'account-b', 3)
    await until('all were handled', () => seen.length === 3)
    const { position } = await (await eraser()).streams.delete('account-a', { hard: true })
    await subscriptions.waitFor(position, ['one'])
    await appendTo(store, 'account-b', 4)
    await until('what came later was handled', () => seen.includes(4))
    expect(seen).toEqual([1, 2, 3, 4])
  })

  it('is passed over by a projection that catches up, and its checkpoint reaches the end', async () => {
    const { store, subscriptions, written } = await running.open([ledger])
    await appendTo(store, 'account-a', 1)
    for (let amount = 2; amount <= 2_001; amount += 2) {
      await appendTo(store, 'account-b', amount)
      await appendTo(store, 'account-a', amount + 1)
    }
    const { position } = await (await eraser()).streams.delete('account-b', { hard: true })
    await subscriptions.start()
    await subscriptions.waitFor(position, ['ledger'])
    expect(written).toEqual(Array.from({ length: 1_001 }, (_, index) => String(2 * index + 1)))
    await subscriptions.stop()
    expect(await store.checkpoints.list(ledger.name)).toMatchObject([{ checkpoint: position }])
  })
})
