import { until } from '@writ/build-tools'
import { InMemoryLog } from '@writ/event-store-memory'
import { append, appendDeposits, Deposited, deposited, Renamed, Withdrawn, withdrawn } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { away, type TestTransaction } from '../../test/troubled-store.js'
import { VirtualRuntime } from '../../test/virtual-runtime.js'
import {
  type BatchContext,
  type BatchOptions,
  type ErrorPolicy,
  EventHandler,
  eventHandler,
  eventHandlerOf,
  OnBatch,
  on,
  onBatch,
  projection,
  type SubscriptionDefinition,
  skipAtOnce,
} from '../index.js'

const running = new Running()
afterEach(() => running.stop())

type Moved = Deposited | Withdrawn

describe.each(['event handler', 'projection'])('batches of an %s', (kind) => {
  /** Tells the amounts of each batch: by what it did outside, or has written in its transactions. */
  function batching(
    batch: BatchOptions,
    fail: (amounts: readonly number[]) => unknown = () => {},
    options: { readonly onError?: ErrorPolicy } = {},
  ) {
    const outside: string[] = []
    const handle = async (events: readonly Moved[], context: BatchContext, write: (text: string) => void) => {
      const amounts = events.map(({ amount }) => amount)
      expect(context.events.map(({ data }) => data)).toEqual(events)
      if (kind === 'projection') write(amounts.join(' '))
      await fail(amounts)
      if (kind === 'event handler') write(amounts.join(' '))
    }
    const given = { name: 'batching', batch, ...options }
    const definition: SubscriptionDefinition =
      kind === 'projection'
        ? projection<TestTransaction>({
            ...given,
            onBatch: onBatch([Deposited, Withdrawn], (events, context: BatchContext & TestTransaction) =>
              handle(events, context, context.write),
            ),
          })
        : eventHandler({
            ...given,
            onBatch: onBatch([Deposited, Withdrawn], (events, context) =>
              handle(events, context, (text) => void outside.push(text)),
            ),
          })
    return { definition, batches: (written: readonly string[]) => (kind === 'projection' ? written : outside) }
  }

  it('have the events that are there, in their order', async () => {
    const { store } = await running.open([])
    await append(store, deposited(1), new Renamed({ name: 'x' }), withdrawn(2), deposited(3))
    const { definition, batches } = batching({})
    const { subscriptions, written } = await running.start([definition])
    await subscriptions.waitFor(4, ['batching'])
    expect(batches(written)).toEqual(['1 2 3'])
    await until('the checkpoint is stored', () => subscriptions.status()[0]!.checkpoint === 4)
  })

  it('are no larger than they may be', async () => {
    const { store } = await running.open([])
    await appendDeposits(store, 7)
    const { definition, batches } = batching({ size: 3 })
    const { subscriptions, written } = await running.start([definition])
    await subscriptions.waitFor(7, ['batching'])
    expect(batches(written)).toEqual(['1 2 3', '4 5 6', '7'])
  })

  it('wait for more for as long as they may, and no longer when they are full', async () => {
    const runtime = new VirtualRuntime()
    running.log = new InMemoryLog({ runtime })
    const { definition, batches } = batching({ size: 3, within: 1_000 })
    const { store, written, subscriptions } = await running.start([definition], { runtime })
    await runtime.settle()
    await append(store, deposited(1))
    await runtime.advance(600)
    await append(store, deposited(2), new Renamed({ name: 'x' }))
    await runtime.advance(300)
    expect(batches(written)).toEqual([])
    expect(subscriptions.status()).toMatchObject([{ checkpoint: 0 }])
    await runtime.advance(200)
    expect(batches(written)).toEqual(['1 2'])
    await append(store, deposited(3), deposited(4), deposited(5), deposited(6))
    await runtime.settle()
    expect(batches(written)).toEqual(['1 2', '3 4 5'])
    await runtime.advance(1_100)
    expect(batches(written)).toEqual(['1 2', '3 4 5', '6'])
    await runtime.advance(1_100)
    expect(subscriptions.status()).toMatchObject([{ checkpoint: 7, lag: 0 }])
  })

  it('that fail are done again one by one, so that only the culprit is held up', async () => {
    const { store } = await running.open([])
    await appendDeposits(store, 5)
    const { definition, batches } = batching(
      {},
      (amounts) => {
        if (amounts.includes(3)) throw new Error('poison')
      },
      { onError: skipAtOnce },
    )
    const { subscriptions, written, logger } = await running.start([definition])
    await subscriptions.waitFor(5, ['batching'])
    expect(batches(written)).toEqual(['1', '2', '4', '5'])
    expect(subscriptions.status()).toMatchObject([{ state: 'running', skipped: 1 }])
    expect(logger.at('error')).toMatchObject([{ facts: { position: 3, attempt: 1 } }])
  })

  it('wait for a store that is away, together', async () => {
    const { store } = await running.open([])
    await appendDeposits(store, 3)
    let outages = 2
    const { definition, batches } = batching({}, () => {
      if (outages-- > 0) throw new Error('could not dispatch', { cause: away() })
    })
    const { subscriptions, written } = await running.start([definition])
    await subscriptions.waitFor(3, ['batching'])
    expect(batches(written)).toEqual(['1 2 3'])
  })
})

describe('a class with batches', () => {
  it('handles them with its @OnBatch method, and a subclass inherits it', async () => {
    const seen: number[][] = []
    class Base {
      @OnBatch(Deposited)
      deposited(events: readonly Deposited[]) {
        seen.push(events.map(({ amount }) => amount))
      }
    }
    @EventHandler({ name: 'inheriting', batch: { size: 2 } })
    class Inheriting extends Base {}
    const { store } = await running.open([])
    await appendDeposits(store, 3)
    const { subscriptions } = await running.start([eventHandlerOf(Inheriting, () => new Inheriting())])
    await subscriptions.waitFor(3, ['inheriting'])
    expect(seen).toEqual([[1, 2], [3]])
  })

  it('gets the state of its run, in batches and one by one', async () => {
    const { store } = await running.open([])
    await appendDeposits(store, 3)
    const counted: number[] = []
    const counting = eventHandler({
      name: 'counting',
      onError: skipAtOnce,
      state: () => ({ calls: 0 }),
      onBatch: onBatch([Deposited], (events, { state }: BatchContext<{ calls: number }>) => {
        counted.push(++state.calls)
        if (events.some(({ amount }) => amount === 2)) throw new Error('poison')
      }),
    })
    const { subscriptions } = await running.start([counting])
    await subscriptions.waitFor(3, ['counting'])
    expect(counted).toEqual([1, 2, 3, 4])
  })

  const handles = onBatch([Deposited], () => {})
  it.each([
    ['both kinds of handlers', { name: 'x', onBatch: handles, on: [on(Withdrawn, () => {})] }, /by themselves and in batches/],
    ['sizes without batches', { name: 'x', batch: { size: 3 }, on: [on(Withdrawn, () => {})] }, /says nothing without @OnBatch/],
    ['batches side by side', { name: 'x', onBatch: handles, concurrency: 2 }, /one after the other/],
    ['a size of nothing', { name: 'x', onBatch: handles, batch: { size: 0 } }, /'size' must be/],
    ['a wait without end', { name: 'x', onBatch: handles, batch: { within: Number.POSITIVE_INFINITY } }, /'within' must be/],
    ['one event twice', { name: 'x', onBatch: onBatch([Deposited, Deposited], () => {}) }, /handles 'deposited' twice/],
  ])('refuses %s', (_, options, message) => {
    expect(() => eventHandler(options)).toThrow(message)
  })

  it('refuses two @OnBatch methods', () => {
    @EventHandler({ name: 'two' })
    class Two {
      @OnBatch(Deposited)
      deposited(_events: readonly Deposited[]) {}

      @OnBatch(Withdrawn)
      withdrawn(_events: readonly Withdrawn[]) {}
    }
    expect(() => eventHandlerOf(Two, () => new Two())).toThrow(expect.objectContaining({ code: 'invalid-subscription' }))
  })
})
