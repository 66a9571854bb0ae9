import {
  type EventStore,
  type Logger,
  type NewEvent,
  type Runtime,
  type StoredEvent,
  silentLogger,
  systemRuntime,
} from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from './index.js'

const deposited = (given: Partial<NewEvent> = {}): NewEvent => {
  return { id: systemRuntime.uuid(), type: 'money-deposited', schemaVersion: 1, data: '{}', metadata: '{}', tags: [], ...given }
}

async function started(options: Parameters<typeof inMemoryEventStore>[0] = {}) {
  const store = inMemoryEventStore(options)
  await store.start()
  return store
}

async function eventsOf(store: EventStore, stream: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for await (const page of store.readStream(stream)) events.push(...page)
  return events
}

/** A clock that stands still until it is moved. */
function stoppedClock(): Runtime & { time: number } {
  return {
    ...systemRuntime,
    time: 1_000_000,
    now() {
      return this.time
    },
  }
}

describe('inMemoryEventStore', () => {
  describe('under NODE_ENV=production', () => {
    const environment = process.env.NODE_ENV
    beforeEach(() => {
      process.env.NODE_ENV = 'production'
    })
    afterEach(() => {
      process.env.NODE_ENV = environment
    })

    it('is refused, for what it holds is lost with the process', () => {
      expect(() => inMemoryEventStore()).toThrow(expect.objectContaining({ code: 'in-memory-store-refused' }))
    })

    it('is given to whoever says that this is meant', () => {
      expect(inMemoryEventStore({ allowInProduction: true }).adapter).toBe('memory')
    })
  })

  it('refuses to work before it is started', async () => {
    const store = inMemoryEventStore()
    await expect(store.head()).rejects.toMatchObject({ code: 'store-not-running' })
    await expect(store.append({ stream: 'account-1', events: [] })).rejects.toMatchObject({ code: 'store-not-running' })
    await expect(eventsOf(store, 'account-1')).rejects.toMatchObject({ code: 'store-not-running' })
  })

  it('has a log of its own unless it shares one', async () => {
    // #region several-processes
    const log = new InMemoryLog()
    const [here, there] = [inMemoryEventStore({ log }), inMemoryEventStore({ log })]
    await Promise.all([here.start(), there.start()])
    // #endregion
    const elsewhere = await started()
    await here.append({ stream: 'account-1', events: [deposited()] })
    expect((await there.head()).position).toBe(1)
    expect(await elsewhere.head()).toMatchObject({ position: 0, incarnation: expect.not.stringMatching(log.incarnation) })
  })

  it('keeps what it holds when one of the stores on its log stops', async () => {
    const log = new InMemoryLog()
    const [here, there] = [await started({ log }), await started({ log })]
    await here.append({ stream: 'account-1', events: [deposited()] })
    await here.stop()
    expect(await eventsOf(there, 'account-1')).toHaveLength(1)
    await here.start()
    expect(await eventsOf(here, 'account-1')).toHaveLength(1)
  })

  it('refuses a clock beside a log, which has its own', () => {
    const runtime = stoppedClock()
    const log = new InMemoryLog({ runtime })
    expect(inMemoryEventStore({ log, runtime }).adapter).toBe('memory')
    expect(() => inMemoryEventStore({ log, runtime: stoppedClock() })).toThrow(
      expect.objectContaining({ code: 'in-memory-store-refused' }),
    )
  })

  it('does nothing within the call: an append takes effect later', async () => {
    const log = new InMemoryLog()
    const store = await started({ log })
    const appending = store.append({ stream: 'account-1', events: [deposited()] })
    expect(log.events).toHaveLength(0)
    await appending
    expect(log.events).toHaveLength(1)
  })

  it('does not change with objects that callers still hold, nor let them change it', async () => {
    const store = await started()
    const [event, tags] = [deposited(), ['a']]
    await store.append({ stream: 'account-1', events: [{ ...event, tags }] })
    tags.push('b')
    const [stored] = await eventsOf(store, 'account-1')
    expect(stored?.tags).toEqual(['a'])
    expect([stored, stored?.tags].every(Object.isFrozen)).toBe(true)
    for await (const page of store.readAll()) (page as StoredEvent[]).pop()
    expect(await eventsOf(store, 'account-1')).toHaveLength(1)
  })

  it("dates events by its runtime's clock, and never back along the log", async () => {
    const runtime = stoppedClock()
    const store = await started({ runtime })
    for (const time of [2_000_000, 1_500_000, 3_000_000]) {
      runtime.time = time
      await store.append({ stream: 'account-1', events: [deposited()] })
    }
    const times = (await eventsOf(store, 'account-1')).map(({ createdAt }) => createdAt.getTime())
    expect(times).toEqual([2_000_000, 2_000_000, 3_000_000])
  })

  it("lets leases expire by its runtime's clock, to the millisecond", async () => {
    const runtime = stoppedClock()
    const store = await started({ runtime })
    const partition = { subscription: 'mails', partition: 0 }
    await store.checkpoints.register({ name: 'mails', startAfter: 0 })
    await store.checkpoints.acquire(partition, 'first', 5_000)
    runtime.time += 4_999
    await expect(store.checkpoints.acquire(partition, 'second', 5_000)).resolves.toEqual({
      acquired: false,
      why: 'held',
      heldBy: 'first',
      expiresIn: 1,
    })
    runtime.time += 1
    await expect(store.checkpoints.acquire(partition, 'second', 5_000)).resolves.toMatchObject({
      acquired: true,
      lease: { epoch: 2 },
    })
  })

  it("deletes receipts by its runtime's clock", async () => {
    const runtime = stoppedClock()
    const store = await started({ runtime })
    for (const commandId of ['one', 'two', 'three']) {
      await store.append({ stream: 'account-1', events: [], receipts: [{ commandId, eventsUpTo: 0, body: '{}' }] })
      runtime.time += 1_000
    }
    await expect(store.receipts.deleteOlderThan(1_500)).resolves.toBe(2)
    await expect(store.receipts.find('two')).resolves.toBeUndefined()
    await expect(store.receipts.find('three')).resolves.toMatchObject({ commandId: 'three' })
  })

  it('has no SQL, and says so to whoever asks for it', async () => {
    const store = await started()
    await store.checkpoints.register({ name: 'balances', startAfter: 0 })
    const acquisition = await store.checkpoints.acquire({ subscription: 'balances', partition: 0 }, 'me', 5_000)
    if (!acquisition.acquired) throw new Error('The lease is free')
    const advancing = store.checkpoints.advanceWith(acquisition.lease, 5, async ({ sql }) => sql)
    await expect(advancing).rejects.toMatchObject({ code: 'capability-missing', adapter: 'memory', capability: 'SQL' })
    expect((await store.checkpoints.list('balances'))[0]?.checkpoint).toBe(0)
  })

  it('runs the effects of one partition one after another, and does not keep a successor waiting for one that hangs', async () => {
    const runtime = stoppedClock()
    const store = await started({ runtime })
    const partition = { subscription: 'balances', partition: 0 }
    await store.checkpoints.register({ name: 'balances', startAfter: 0 })
    const first = await store.checkpoints.acquire(partition, 'first', 5_000)
    if (!first.acquired) throw new Error('The lease is free')
    const order: string[] = []
    const effect = (name: string) => async () => {
      order.push(`${name} begins`)
      await systemRuntime.sleep(1)
      order.push(`${name} ends`)
    }
    await Promise.all([1, 2].map((n) => store.checkpoints.advanceWith(first.lease, n, effect(`effect ${n}`))))
    expect(order).toEqual(['effect 1 begins', 'effect 1 ends', 'effect 2 begins', 'effect 2 ends'])

    let letGo = () => {}
    const hanging = store.checkpoints.advanceWith(first.lease, 3, () => new Promise((resolve) => (letGo = resolve)))
    await systemRuntime.sleep(1)
    runtime.time += 5_000
    const second = await store.checkpoints.acquire(partition, 'second', 5_000)
    if (!second.acquired) throw new Error('The lease has expired')
    await store.checkpoints.advanceWith(second.lease, 4, async () => {})
    letGo()
    await expect(hanging).rejects.toMatchObject({ code: 'lease-lost', owner: 'first' })
    expect((await store.checkpoints.list('balances'))[0]).toMatchObject({ checkpoint: 4, owner: 'second' })
  })

  it('wakes listeners up once for all appends of one turn, and not while it is stopped', async () => {
    const log = new InMemoryLog()
    const [here, there] = [await started({ log }), await started({ log })]
    const [woken, asleep] = [jest.fn(), jest.fn()]
    here.onAppended(woken)
    there.onAppended(asleep)
    await there.stop()
    await Promise.all([1, 2, 3].map((n) => here.append({ stream: `account-${n}`, events: [deposited()] })))
    await systemRuntime.sleep(1)
    expect(woken).toHaveBeenCalledTimes(1)
    expect(asleep).not.toHaveBeenCalled()
  })

  it('reports a listener that throws', async () => {
    const error = jest.fn<void, Parameters<Logger['error']>>()
    const store = await started({ logger: { ...silentLogger, error } })
    const failure = new Error('broken')
    store.onAppended(() => {
      throw failure
    })
    await store.append({ stream: 'account-1', events: [deposited()] })
    await systemRuntime.sleep(1)
    expect(error).toHaveBeenCalledWith({ error: failure }, expect.stringContaining('listener'))
  })
})
