import { until } from '@writ/build-tools'
import type { RecordedEvent } from '@writ/event-store'
import { append, Deposited, deposited } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { away, type TestTransaction } from '../../test/troubled-store.js'
import { VirtualRuntime } from '../../test/virtual-runtime.js'
import {
  byError,
  type ErrorPolicy,
  eventHandler,
  on,
  parkAtOnce,
  projection,
  retryLaterThenPark,
  retryThenPark,
  retryThenSkip,
  retryThenStop,
  type SubscriptionDefinition,
  skipAtOnce,
  stopAtOnce,
} from '../index.js'

const running = new Running()
afterEach(() => running.stop())

const quick = { firstDelay: 1, longestDelay: 2 }

describe.each(['event handler', 'projection'])('a failing %s', (kind) => {
  /** Handles deposits; `fail` may throw. What it has handled is told by what it did outside, or has written in its transactions. */
  function failing(fail: (amount: number, attempt: number) => void | Promise<void>, onError?: ErrorPolicy) {
    const handled: number[] = []
    const options = { name: 'failing', ...(onError && { onError }) }
    const definition: SubscriptionDefinition =
      kind === 'event handler'
        ? eventHandler({
            ...options,
            on: [
              on(Deposited, async ({ amount }, { attempt }) => {
                await fail(amount, attempt)
                handled.push(amount)
              }),
            ],
          })
        : projection<TestTransaction>({
            ...options,
            on: [
              on(Deposited, async ({ amount }, { attempt, write }) => {
                write(String(amount))
                await fail(amount, attempt)
              }),
            ],
          })
    const handledBy = (written: readonly string[]) => (kind === 'event handler' ? handled : written.map(Number))
    return { definition, handledBy }
  }

  const poison = (amount: number) => {
    if (amount === 2) throw new Error('poison')
  }

  it('goes on as its policy says also when what it threw can not be looked at', async () => {
    const refuses = () => {
      throw new Error('Hands off.')
    }
    const untouchable = new Proxy(new Error(), { get: refuses, has: refuses, getPrototypeOf: refuses })
    const { definition, handledBy } = failing(
      (amount) => {
        if (amount === 2) throw untouchable
      },
      byError([[RangeError, stopAtOnce]], skipAtOnce),
    )
    const { store, subscriptions, written } = await running.start([definition])
    await append(store, deposited(1), deposited(2), deposited(3))
    await until('the others were handled', () => handledBy(written).length === 2)
    expect(handledBy(written)).toEqual([1, 3])
    await until('it was counted', () => subscriptions.status()[0]?.skipped === 1)
    expect(subscriptions.status()).toMatchObject([{ state: 'running' }])
  })

  it('is tried again, and goes on when it succeeds', async () => {
    const { definition, handledBy } = failing((amount, attempt) => {
      if (amount === 2 && attempt < 4) throw new Error('not yet')
    }, retryThenStop(quick))
    const { store, subscriptions, written, logger } = await running.start([definition])
    await append(store, deposited(1), deposited(2), deposited(3))
    await until('all were handled', () => handledBy(written).length === 3)
    expect(handledBy(written)).toEqual([1, 2, 3])
    expect(subscriptions.status()).toMatchObject([{ state: 'running', skipped: 0 }])
    expect(logger.at('warn').map(({ facts }) => facts.attempt)).toEqual([1, 2, 3])
  })

  it('stops loudly when its policy says so, right before the event', async () => {
    const { definition, handledBy } = failing(poison, retryThenStop({ attempts: 3, ...quick }))
    const { store, subscriptions, written, logger } = await running.start([definition])
    await append(store, deposited(1), deposited(2), deposited(3))
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(handledBy(written)).toEqual([1])
    expect(subscriptions.status()).toMatchObject([{ checkpoint: 1, error: { message: 'poison' } }])
    expect(logger.at('error')).toMatchObject([{ facts: { subscription: definition.name, error: { message: 'poison' } } }])
    expect((await store.checkpoints.list(definition.name))[0]).toMatchObject({ checkpoint: 1, owner: undefined })
  })

  it('passes over the event when its policy says so, and says it', async () => {
    const { definition, handledBy } = failing(poison, skipAtOnce)
    const { store, subscriptions, written, logger } = await running.start([definition])
    await append(store, deposited(1), deposited(2), deposited(3))
    await until('the others were handled', () => handledBy(written).length === 2)
    await until('all is stored', () => subscriptions.status()[0]!.checkpoint === 3)
    expect(handledBy(written)).toEqual([1, 3])
    expect(subscriptions.status()).toMatchObject([{ state: 'running', skipped: 1 }])
    expect(logger.at('error')).toMatchObject([{ facts: { position: 2, type: 'deposited' } }])
  })

  it('passes over the event after some attempts', async () => {
    const attempts: number[] = []
    const { definition, handledBy } = failing(
      (amount, attempt) => {
        if (amount === 2) attempts.push(attempt)
        poison(amount)
      },
      retryThenSkip({ attempts: 3, ...quick }),
    )
    const { store, written } = await running.start([definition])
    await append(store, deposited(1), deposited(2), deposited(3))
    await until('the others were handled', () => handledBy(written).length === 2)
    expect(Math.max(...attempts)).toBe(3)
  })

  it('shows in its status that it is retrying, and why', async () => {
    const runtime = new VirtualRuntime()
    const { definition } = failing(poison, () => ({ retryIn: 60_000 }))
    const { store, subscriptions } = await running.start([definition], { runtime })
    await append(store, deposited(2))
    await runtime.settle()
    expect(subscriptions.status()).toMatchObject([{ state: 'retrying', attempt: 1, error: { message: 'poison' } }])
    await runtime.advance(60_001)
    expect(subscriptions.status()).toMatchObject([{ state: 'retrying', attempt: 2 }])
  })

  it('waits for a store that is away as long as it takes: no attempt is counted, no policy asked', async () => {
    let asked = 0
    let isAway = true
    const attempts = new Set<number>()
    const { definition, handledBy } = failing(
      (_, attempt) => {
        attempts.add(attempt)
        if (isAway) throw new Error('could not dispatch', { cause: away() })
      },
      () => {
        asked++
        return 'skip'
      },
    )
    const { store, subscriptions, written, calls } = await running.start([definition])
    await append(store, deposited(1))
    await until('it is retrying', () => subscriptions.status()[0]!.state === 'retrying' && calls.acquire + calls.advance >= 1)
    isAway = false
    await until('it was handled', () => handledBy(written).length === 1)
    expect(asked).toBe(0)
    expect([...attempts]).toEqual([1])
  })

  it('stops when its policy answers with nonsense, or throws', async () => {
    const nonsense = failing(poison, (() => 'later') as unknown as ErrorPolicy)
    const { store, subscriptions } = await running.start([nonsense.definition])
    await append(store, deposited(2))
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(subscriptions.status()).toMatchObject([{ error: { code: 'invalid-verdict' } }])
    await running.stop()
    const throwing = failing(poison, () => {
      throw new Error('the policy failed')
    })
    const second = await running.start([throwing.definition])
    await append(second.store, deposited(2))
    await until('it has stopped', () => second.subscriptions.status()[0]!.state === 'stopped')
    expect(second.subscriptions.status()).toMatchObject([{ error: { message: 'the policy failed' } }])
  })

  it('does not keep others from theirs', async () => {
    const { definition } = failing(poison, stopAtOnce)
    const seen: number[] = []
    const other = eventHandler({ name: 'other', on: [on(Deposited, ({ amount }) => void seen.push(amount))] })
    const { store, subscriptions } = await running.start([definition, other])
    await append(store, deposited(2), deposited(3))
    await until('the other has all', () => seen.length === 2)
    await until('the failing one has stopped', () => subscriptions.status()[0]!.state === 'stopped')
  })
})

describe('policies', () => {
  const runtime = new VirtualRuntime()
  const failed = (error: Error, attempt: number) => ({
    error,
    attempt,
    history: [],
    event: {} as RecordedEvent,
    subscription: 's',
  })

  it('are chosen by the class of the error, the first that fits', () => {
    class Busy extends Error {}
    const policy = byError(
      [
        [Busy, retryLaterThenPark({ delays: [1_000, 60_000] })],
        [TypeError, skipAtOnce],
      ],
      parkAtOnce,
    )
    const verdict = (error: Error, attempt = 1) => policy(failed(error, attempt), runtime)
    expect([verdict(new TypeError('x')), verdict(new Error('x'))]).toEqual(['skip', 'park'])
    expect([1, 2, 3].map((attempt) => verdict(new Busy(), attempt))).toEqual([
      { retryLater: 750 },
      { retryLater: 45_000 },
      'park',
    ])
    expect(byError([[Busy, skipAtOnce]])(failed(new Error('x'), 8), runtime)).toBe('stop')
  })

  it('end as they are called', () => {
    const last = [retryThenPark, retryThenSkip, retryThenStop].map((make) =>
      make({ attempts: 2 })(failed(new Error('x'), 2), runtime),
    )
    expect(last).toEqual(['park', 'skip', 'stop'])
  })
})

describe('the default policy', () => {
  it('tries eight times in about thirteen seconds, then stops', async () => {
    const runtime = new VirtualRuntime()
    const attempts: number[] = []
    const definition = eventHandler({
      name: 'failing',
      on: [
        on(Deposited, (_, { attempt }) => {
          attempts.push(attempt)
          throw new Error('no')
        }),
      ],
    })
    const { store, subscriptions } = await running.start([definition], { runtime })
    await append(store, deposited(1))
    await runtime.advance(6_000)
    expect(subscriptions.status()[0]!.state).toBe('retrying')
    await runtime.advance(8_000)
    expect(subscriptions.status()[0]!.state).toBe('stopped')
    expect(attempts).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })
})
