import { until } from '@writ/build-tools'
import { InMemoryLog } from '@writ/event-store-memory'
import { append, appendDeposits, appendTo, Deposited, deposited, Renamed, withdrawn } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import type { TestTransaction } from '../../test/troubled-store.js'
import { VirtualRuntime } from '../../test/virtual-runtime.js'
import { eventHandler, type HandlerContext, on, parkAtOnce, projection, type Subscriptions, stopAtOnce } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

const strong = (name: string, handle: (event: Deposited, context: HandlerContext) => unknown = () => {}) =>
  eventHandler({ name, consistency: 'strong', on: [on(Deposited, handle)] })

/** A handler that is held up until it is released. */
function held(name: string) {
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  return { definition: strong(name, () => released), release }
}

describe('waiting for a position', () => {
  it('ends when all strong handlers have handled it; others are not waited for', async () => {
    const seen: number[] = []
    const slow = held('slow')
    const eventual = { ...slow.definition, consistency: 'eventual' as const }
    const { store, subscriptions } = await running.start([
      strong('a', ({ amount }) => void seen.push(amount)),
      strong('b'),
      eventual,
    ])
    const position = await append(store, deposited(1))
    await subscriptions.waitFor(position)
    expect(seen).toEqual([1])
    slow.release()
  })

  it('ends at once where there is nothing to wait for', async () => {
    const { subscriptions } = await running.start([eventHandler({ name: 'eventual', on: [on(Deposited, () => {})] })])
    await subscriptions.waitFor(1_000_000)
    await subscriptions.waitFor(1_000_000, [])
  })

  it('is answered for positions that do not concern the handler', async () => {
    const { store, subscriptions } = await running.start([
      strong('a'),
      projection({ name: 'p', consistency: 'strong', on: [on(Deposited, () => {})] }),
    ])
    const position = await append(store, withdrawn(1), new Renamed({ name: 'x' }))
    await subscriptions.waitFor(position, 'strong', { timeout: 20_000 })
  })

  it('does not wait for those whom what was written does not concern, however far behind they are', async () => {
    const slow = held('slow')
    const { store, subscriptions } = await running.start([slow.definition])
    await append(store, deposited(1))
    const position = await append(store, withdrawn(1))
    await subscriptions.waitFor(position, ['slow'], { written: { stream: 'account-a', types: ['withdrawn'] }, timeout: 60_000 })
    await expect(
      subscriptions.waitFor(position, ['slow'], { written: { stream: 'account-a', types: ['deposited'] }, timeout: 10 }),
    ).rejects.toMatchObject({ code: 'committed-not-yet-visible', handlers: ['slow'] })
    slow.release()
  })

  it('takes names, with a version or without', async () => {
    const { store, subscriptions } = await running.start([projection({ name: 'p', version: 3, on: [on(Deposited, () => {})] })])
    const position = await append(store, deposited(1))
    await subscriptions.waitFor(position, ['p'])
    await subscriptions.waitFor(position, ['p@3'])
  })

  it('refuses unknown names and suggests the nearest', async () => {
    const { subscriptions } = await running.start([strong('balances')])
    await expect(subscriptions.waitFor(1, ['balance'])).rejects.toMatchObject({
      code: 'unknown-handler',
      handler: 'balance',
      message: expect.stringContaining("'balances'"),
    })
  })

  it('tells who lags when the time is up', async () => {
    const runtime = new VirtualRuntime()
    running.log = new InMemoryLog({ runtime })
    const slow = held('slow')
    const { store, subscriptions } = await running.start([slow.definition, strong('quick')], { runtime })
    const position = await append(store, deposited(1))
    const waiting = subscriptions.waitFor(position, 'strong', { timeout: 2_000 })
    const refused = expect(waiting).rejects.toMatchObject({
      code: 'committed-not-yet-visible',
      position,
      handlers: ['slow'],
      stopped: [],
    })
    await runtime.advance(2_000)
    await refused
    slow.release()
  })

  it('is told at once that a handler has stopped, or stops', async () => {
    const failing = eventHandler({
      name: 'failing',
      consistency: 'strong',
      onError: stopAtOnce,
      on: [
        on(Deposited, () => {
          throw new Error('no')
        }),
      ],
    })
    const { store, subscriptions } = await running.start([failing])
    const position = await append(store, deposited(1))
    const expected = { code: 'committed-not-yet-visible', handlers: ['failing'], stopped: ['failing'] }
    await expect(subscriptions.waitFor(position, 'strong', { timeout: 60_000 })).rejects.toMatchObject(expected)
    expect(subscriptions.status()[0]!.state).toBe('stopped')
    await expect(subscriptions.waitFor(position, 'strong', { timeout: 60_000 })).rejects.toMatchObject(expected)
  })

  it('ends when the process stops', async () => {
    const slow = held('slow')
    const { store, subscriptions } = await running.start([slow.definition])
    const position = await append(store, deposited(1))
    const refused = expect(subscriptions.waitFor(position)).rejects.toMatchObject({ code: 'committed-not-yet-visible' })
    await new Promise((resolve) => setImmediate(resolve))
    const stopped = subscriptions.stop()
    slow.release()
    await Promise.all([stopped, refused])
    await expect(subscriptions.waitFor(position + 1)).rejects.toMatchObject({ code: 'committed-not-yet-visible' })
  })

  it('needs no look at the store while the handlers run here', async () => {
    const opened = await running.start([strong('a'), strong('b')])
    await until('both run', () => opened.subscriptions.status().every(({ state }) => state === 'running'))
    const before = opened.calls.list
    for (let amount = 0; amount < 100; amount++) await opened.subscriptions.waitFor(await append(opened.store, deposited(amount)))
    expect(opened.calls.list).toBe(before)
  })

  it('works for a handler that runs in another process, whether or not the position concerns it', async () => {
    const seen: number[] = []
    const here = await running.start([strong('a', ({ amount }) => void seen.push(amount))])
    await until('it runs here', () => here.subscriptions.status()[0]!.state === 'running')
    const there = await running.start([strong('a')])
    await there.subscriptions.waitFor(await append(there.store, deposited(1)))
    expect(seen).toEqual([1])
    const started = performance.now()
    for (let round = 0; round < 20; round++) await there.subscriptions.waitFor(await append(there.store, withdrawn(1)))
    // Its checkpoint is stored once a second when nothing concerns it; the log itself answers sooner.
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  it('goes on elsewhere when the handler is taken over by another process', async () => {
    const slow = held('a')
    const here = await running.start([slow.definition])
    const position = await append(here.store, deposited(1))
    await until('it runs here', () => here.subscriptions.status()[0]!.lag === 1)
    const there = await running.start([strong('a')])
    const waiting = there.subscriptions.waitFor(position)
    const stopped = here.subscriptions.stop()
    slow.release()
    await Promise.all([stopped, waiting])
  })

  it('tells that what is waited for was parked, wherever the handler runs; other events are not', async () => {
    const failing = eventHandler({
      name: 'failing',
      consistency: 'strong',
      onError: parkAtOnce,
      on: [on(Deposited, ({ amount }) => (amount === 1 ? Promise.reject(new Error('poison')) : undefined))],
    })
    const here = await running.start([failing])
    await until('it runs here', () => here.subscriptions.status()[0]!.state === 'running')
    const there = await running.start([failing])
    await append(here.store, withdrawn(1))
    const behind = await append(here.store, deposited(1), deposited(2))
    const free = await appendTo(here.store, 'b', 3)
    for (const { subscriptions } of [here, there]) {
      const parked = { code: 'committed-but-parked', position: behind, handlers: ['failing'] }
      await expect(subscriptions.waitFor(behind)).rejects.toMatchObject(parked)
      await expect(subscriptions.waitFor(behind - 1)).rejects.toMatchObject({ code: 'committed-but-parked' })
      await subscriptions.waitFor(1)
      await subscriptions.waitFor(free)
      const written = { stream: 'account-a', types: ['deposited', 'deposited'] }
      await expect(subscriptions.waitFor(behind, 'strong', { written })).rejects.toMatchObject(parked)
      // Of a command with many events all are looked at: here, the two before.
      const three = { stream: 'account-b', types: ['deposited', 'deposited', 'deposited'] }
      await expect(subscriptions.waitFor(free, 'strong', { written: three })).rejects.toMatchObject({ position: free })
    }
  })

  it('serves many waits at once', async () => {
    const { store, subscriptions } = await running.start([strong('a')])
    const waits = Array.from({ length: 500 }, async (_, amount) => subscriptions.waitFor(await append(store, deposited(amount))))
    await Promise.all(waits)
    await subscriptions.waitFor(await appendDeposits(store, 5_000))
  })
})

describe('a handler that waits for itself', () => {
  /** Runs `wait` within the handler, and tells what came of it. */
  async function within(
    consistency: 'strong' | 'eventual',
    wait: (subscriptions: Subscriptions, position: number) => Promise<void>,
    kind = 'event-handler',
  ) {
    const outcome: { error?: unknown; done?: true } = {}
    let subscriptions: Subscriptions | undefined
    const handle = async (_: Deposited, { event }: HandlerContext) => {
      await new Promise((resolve) => setImmediate(resolve))
      try {
        await wait(subscriptions!, event.position + 1)
        outcome.done = true
      } catch (error) {
        outcome.error = error
      }
    }
    const definition =
      kind === 'projection'
        ? projection<TestTransaction>({ name: 'self', consistency, on: [on(Deposited, handle)] })
        : eventHandler({ name: 'self', consistency, on: [on(Deposited, handle)] })
    const opened = await running.open([definition, strong('other')])
    subscriptions = opened.subscriptions
    await subscriptions.start()
    await append(opened.store, deposited(1), withdrawn(1))
    await until('it is over', () => outcome.done === true || outcome.error !== undefined)
    return outcome
  }

  it.each(['event-handler', 'projection'])('is told at once (%s)', async (kind) => {
    const { error } = await within('strong', (subscriptions, position) => subscriptions.waitFor(position), kind)
    expect(error).toMatchObject({
      code: 'waits-for-itself',
      position: 1,
      subscription: kind === 'projection' ? 'self@1' : 'self',
    })
  })

  it('is told before it dispatches, where the dispatcher asks', async () => {
    const { error } = await within('strong', async (subscriptions) => subscriptions.checkWait('strong'))
    expect(error).toMatchObject({ code: 'waits-for-itself' })
  })

  it('may wait for others', async () => {
    expect(await within('strong', (subscriptions, position) => subscriptions.waitFor(position, ['other']))).toEqual({
      done: true,
    })
    await running.stop()
    expect(await within('eventual', (subscriptions, position) => subscriptions.waitFor(position))).toEqual({ done: true })
  })

  it('is told at once when the one that it waits for begins to wait for it, also through others', async () => {
    const errors: unknown[] = []
    const waiting: string[] = []
    let subscriptions: Subscriptions | undefined
    const waitFor = async (other: string, { subscription, event: { position } }: HandlerContext) => {
      waiting.push(subscription)
      await subscriptions!.waitFor(position, [other], { timeout: 60_000 }).catch((error: unknown) => errors.push(error))
    }
    const opened = await running.open([
      strong('a', (_, context) => waitFor('b', context)),
      strong('b', (_, context) => waitFor('c', context)),
      strong('c', async (_, context) => {
        await until('the others wait', () => waiting.length === 2)
        await waitFor('a', context)
      }),
    ])
    subscriptions = opened.subscriptions
    await subscriptions.start()
    await append(opened.store, deposited(1))
    await until('one was told', () => errors.length > 0)
    expect(errors).toMatchObject([{ code: 'waits-for-itself', subscription: 'c', through: ["'a'", "'b'"] }])
    await subscriptions.waitFor(1)
    expect(errors).toHaveLength(1)
  })

  it('may wait for one that waits for what it has done already', async () => {
    let subscriptions: Subscriptions | undefined
    const done: string[] = []
    const a = strong('a', async ({ amount }) => {
      if (amount === 2) await subscriptions!.waitFor(1, ['b'])
      done.push(`a ${amount}`)
    })
    const b = strong('b', async ({ amount }) => {
      if (amount === 1) await subscriptions!.waitFor(1, ['a'])
      done.push(`b ${amount}`)
    })
    const opened = await running.open([a, b])
    subscriptions = opened.subscriptions
    await subscriptions.start()
    await subscriptions.waitFor(await append(opened.store, deposited(1), deposited(2)))
    expect(done.indexOf('a 1')).toBeLessThan(done.indexOf('b 1'))
    expect(done.indexOf('b 1')).toBeLessThan(done.indexOf('a 2'))
  })

  it('is not confused with what it left behind when it was done', async () => {
    let subscriptions: Subscriptions | undefined
    let outcome: Promise<unknown> | undefined
    const definition = strong('self', (_, { event }) => {
      outcome = new Promise((resolve) => setImmediate(resolve)).then(() => subscriptions!.waitFor(event.position + 1))
    })
    const opened = await running.open([definition])
    subscriptions = opened.subscriptions
    await subscriptions.start()
    await append(opened.store, deposited(1))
    await until('it was handled', () => outcome !== undefined)
    await append(opened.store, withdrawn(1))
    await outcome
  })
})
