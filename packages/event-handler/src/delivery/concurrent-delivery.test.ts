import { until } from '@writ/build-tools'
import { newEvent, systemRuntime } from '@writ/event-store'
import fc from 'fast-check'
import { append, appendDeposits, Deposited, deposited, Renamed, Withdrawn, withdrawn } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { away } from '../../test/troubled-store.js'
import { eventHandler, on, type SubscriptionDefinition, skipAtOnce, stopAtOnce } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

type Handle = (amount: number, account: string) => unknown

/** Handles deposits, in their order account by account. */
function byAccount(handle: Handle, options: Partial<Parameters<typeof eventHandler>[0]> = {}): SubscriptionDefinition {
  return eventHandler({
    name: 'concurrent',
    concurrency: 4,
    partitionBy: 'account',
    on: [on(Deposited, ({ amount, account }) => handle(amount, account))],
    ...options,
  })
}

/** A place where handlers wait until they are let go, by amount. */
class Gates {
  private readonly waiting = new Map<number, () => void>()

  wait = (amount: number) => new Promise<void>((resolve) => this.waiting.set(amount, resolve))

  open(...amounts: number[]): void {
    for (const amount of amounts) {
      this.waiting.get(amount)?.()
      this.waiting.delete(amount)
    }
  }

  get inside(): number[] {
    return [...this.waiting.keys()].sort((a, b) => a - b)
  }
}

const a = (amount: number) => deposited(amount, 'a')
const b = (amount: number) => deposited(amount, 'b')
const checkpointOf = async (store: { checkpoints: { list(name: string): Promise<readonly { checkpoint: number }[]> } }) =>
  (await store.checkpoints.list('concurrent'))[0]!.checkpoint

describe('an event handler with concurrency', () => {
  it('handles events of different partitions side by side, and those of one in their order', async () => {
    const gates = new Gates()
    const { store } = await running.start([byAccount(gates.wait)])
    await append(store, a(1), a(2), b(3), b(4))
    await until('one of each is at work', () => gates.inside.length === 2)
    expect(gates.inside).toEqual([1, 3])
    gates.open(3)
    await until('the next one of the second is', () => gates.inside.includes(4))
    expect(gates.inside).toEqual([1, 4])
    gates.open(1, 4)
    await until('the last one is', () => gates.inside.length === 1)
    gates.open(2)
  })

  it('handles no more at a time than it was allowed', async () => {
    let atWork = 0
    let most = 0
    let handled = 0
    const { store } = await running.start([
      byAccount(
        async () => {
          most = Math.max(most, ++atWork)
          await new Promise(setImmediate)
          atWork--
          handled++
        },
        { concurrency: 3 },
      ),
    ])
    await append(store, ...Array.from({ length: 50 }, (_, index) => deposited(index, `account ${index}`)))
    await until('all are handled', () => handled === 50)
    expect(most).toBe(3)
  })

  it('moves its checkpoint, and what others wait for, to the first event that is not finished', async () => {
    const gates = new Gates()
    const { store, subscriptions } = await running.start([byAccount(gates.wait, { consistency: 'strong' })])
    await append(store, a(1), b(2), b(3))
    await until('one of each is at work', () => gates.inside.length === 2)
    gates.open(2)
    await until('the third is at work', () => gates.inside.includes(3))
    gates.open(3)
    await until('it is finished', () => gates.inside.length === 1)
    await expect(subscriptions.waitFor(2, ['concurrent'], { timeout: 50 })).rejects.toMatchObject({
      code: 'committed-not-yet-visible',
    })
    expect(await checkpointOf(store)).toBe(0)
    gates.open(1)
    await subscriptions.waitFor(3, ['concurrent'])
    await until('the checkpoint is stored', async () => (await checkpointOf(store)) === 3)
  })

  it('begins again after what was finished without a gap', async () => {
    const gates = new Gates()
    const first = await running.start([byAccount(gates.wait)])
    await append(first.store, a(1), a(2), b(3))
    await until('one of each is at work', () => gates.inside.length === 2)
    gates.open(1, 3)
    await until('the second is at work', () => gates.inside.includes(2))
    const stopped = first.subscriptions.stop()
    gates.open(2)
    await stopped
    const again: number[] = []
    await running.start([byAccount((amount) => again.push(amount))])
    await append(first.store, a(4))
    await until('the next one is handled', () => again.includes(4))
    expect(again).toEqual([4])
  })

  it('waits at its stop for the handlers at work, begins no others, and leaves those to the next start', async () => {
    const gates = new Gates()
    const { store, subscriptions } = await running.start([byAccount(gates.wait)])
    await append(store, a(1), a(2), b(3))
    await until('one of each is at work', () => gates.inside.length === 2)
    let isStopped = false
    const stopped = subscriptions.stop().then(() => {
      isStopped = true
    })
    gates.open(1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isStopped).toBe(false)
    gates.open(3)
    await stopped
    expect(gates.inside).toEqual([])
    expect(await checkpointOf(store)).toBe(1)
  })

  it('tries a failing event again without holding up the others, however many fail', async () => {
    const handled: number[] = []
    let mayPass = false
    const { store, subscriptions } = await running.start([
      byAccount(
        async (amount) => {
          if (amount < 10 && !mayPass) throw new Error('not yet')
          handled.push(amount)
        },
        { concurrency: 2, onError: () => ({ retryIn: 5 }) },
      ),
    ])
    await append(store, ...[1, 2, 3].map((amount) => deposited(amount, `failing ${amount}`)), b(10), b(11))
    await append(store, deposited(4, 'failing 1'))
    await until('the others are handled', () => handled.length === 2)
    expect(handled).toEqual([10, 11])
    expect(subscriptions.status()[0]).toMatchObject({ state: 'retrying', error: { message: 'not yet' } })
    mayPass = true
    await until('all are handled', () => handled.length === 6)
    expect(handled.indexOf(4)).toBeGreaterThan(handled.indexOf(1))
    await until('the trouble is over', () => subscriptions.status()[0]!.state === 'running')
  })

  it('holds up others only when more than a thousand events wait', async () => {
    const handled: number[] = []
    let isBlocked = true
    const { store } = await running.start([
      byAccount(
        async (amount, account) => {
          if (isBlocked && account === 'a') throw new Error('not yet')
          handled.push(amount)
        },
        { onError: () => ({ retryIn: 10 }) },
      ),
    ])
    await append(store, ...Array.from({ length: 999 }, (_, index) => a(index)))
    await append(store, b(1_001))
    await until('the other is handled', () => handled.includes(1_001))
    await append(store, a(1_000), a(1_002), b(1_003))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(handled).toEqual([1_001])
    isBlocked = false
    await until('all are handled', () => handled.length === 1_003)
    expect(handled.filter((amount) => amount !== 1_001 && amount !== 1_003)).toEqual([
      ...Array.from({ length: 999 }, (_, index) => index),
      1_000,
      1_002,
    ])
  })

  it('passes over what its error policy skips, and goes on in that partition', async () => {
    const handled: number[] = []
    const { store, subscriptions } = await running.start([
      byAccount(
        (amount) => {
          if (amount === 2) throw new Error('poison')
          handled.push(amount)
        },
        { onError: skipAtOnce },
      ),
    ])
    const position = await append(store, a(1), a(2), a(3))
    await subscriptions.waitFor(position, ['concurrent'])
    expect(handled).toEqual([1, 3])
    expect(subscriptions.status()[0]).toMatchObject({ skipped: 1, state: 'running' })
  })

  it('stops when its error policy says so, and keeps the checkpoint before the failed event', async () => {
    const gates = new Gates()
    const { store, subscriptions } = await running.start([
      byAccount(
        async (amount) => {
          await gates.wait(amount)
          if (amount === 2) throw new Error('poison')
        },
        { onError: stopAtOnce },
      ),
    ])
    await append(store, a(1), b(2), deposited(3, 'c'))
    await until('all are at work', () => gates.inside.length === 3)
    gates.open(1, 3)
    gates.open(2)
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(subscriptions.status()[0]!.error).toEqual({ message: 'poison' })
    expect(await checkpointOf(store)).toBeLessThan(2)
  })

  it('waits out a store that is away, for each of its events', async () => {
    const handled: number[] = []
    let outages = 6
    const { store, logger } = await running.start([
      byAccount(
        async (amount) => {
          if (outages-- > 0) throw away()
          handled.push(amount)
        },
        { onError: stopAtOnce },
      ),
    ])
    await append(store, a(1), b(2), a(3))
    await until('all are handled', () => handled.length === 3)
    expect(logger.at('error')).toEqual([])
  })

  it('waits out an application that stops while a handler dispatches', async () => {
    let refusals = 2
    let isHandled = false
    const { store } = await running.start([
      byAccount(
        async () => {
          if (refusals-- > 0) throw Object.assign(new Error('stopping'), { code: 'stopped' })
          isHandled = true
        },
        { onError: skipAtOnce },
      ),
    ])
    await append(store, a(1))
    await until('it is handled', () => isHandled)
  })

  it('keeps the order of a stream where nothing else is said, and where an event has no key', async () => {
    const handled: string[] = []
    const slowly = async (text: string) => {
      await new Promise((resolve) => setTimeout(resolve, 3 * Math.random()))
      handled.push(text)
    }
    const { store } = await running.start([
      eventHandler({
        name: 'by-stream',
        concurrency: 8,
        partitionBy: (event: Deposited | Withdrawn | Renamed) => ('name' in event ? undefined : event.account),
        on: [
          on(Deposited, ({ amount }) => slowly(`+${amount}`)),
          on(Withdrawn, ({ amount }) => slowly(`-${amount}`)),
          on(Renamed, ({ name }) => slowly(name)),
        ],
      }),
    ])
    const names = Array.from({ length: 20 }, (_, index) => new Renamed({ name: `name ${index}` }))
    await append(store, a(1), ...names, withdrawn(1, 'a'))
    await until('all are handled', () => handled.length === 22)
    expect(handled.filter((text) => text.startsWith('name'))).toEqual(names.map(({ name }) => name))
    expect(handled.indexOf('+1')).toBeLessThan(handled.indexOf('-1'))
  })

  it('stops loudly when it can not tell the order of an event', async () => {
    const { store, subscriptions } = await running.start([
      byAccount(() => {}, {
        partitionBy: () => {
          throw new Error('no key')
        },
        onError: skipAtOnce,
      }),
    ])
    await append(store, a(1))
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(subscriptions.status()[0]!.error).toEqual({ message: 'no key' })
  })

  it('catches up with a long log, and leaves nothing out', async () => {
    const opened = await running.open([])
    await appendDeposits(opened.store, 12_000)
    let sum = 0
    const { subscriptions } = await running.start([
      byAccount(
        async (amount) => {
          sum += amount
        },
        { partitionBy: ({ amount }: Deposited) => String(amount % 50), concurrency: 100 },
      ),
    ])
    await subscriptions.waitFor(12_000, ['concurrent'])
    expect(sum).toBe((12_000 * 12_001) / 2)
  })

  it('keeps the order of every partition, and handles each event once, whatever fails and however long it takes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ account: fc.constantFrom('a', 'b', 'c', 'd'), failures: fc.nat(2), turns: fc.nat(3) }), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.integer({ min: 2, max: 5 }),
        async (plan, concurrency) => {
          const handled: number[] = []
          const failures = plan.map((one) => one.failures)
          const { store, subscriptions } = await running.start([
            byAccount(
              async (amount) => {
                for (let turn = 0; turn < plan[amount]!.turns; turn++) await new Promise(setImmediate)
                if (failures[amount]!-- > 0) throw new Error('not yet')
                handled.push(amount)
              },
              { concurrency, onError: () => ({ retryIn: 0 }) },
            ),
          ])
          const { position } = await store.append({
            stream: 'account-x',
            events: plan.map(({ account }, amount) => newEvent(deposited(amount, account), systemRuntime.uuid())),
          })
          await subscriptions.waitFor(position, ['concurrent'])
          for (const account of ['a', 'b', 'c', 'd']) {
            const ofAccount = (amount: number) => plan[amount]!.account === account
            expect(handled.filter(ofAccount)).toEqual([...plan.keys()].filter(ofAccount))
          }
          await running.stop()
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('an event handler’s concurrency is refused', () => {
  it.each([
    ['below one', { concurrency: 0 }, "its 'concurrency' must be an integer from 1 to 1000"],
    ['above a thousand', { concurrency: 1_001 }, "its 'concurrency' must be an integer from 1 to 1000"],
    ['as a part of one', { concurrency: 1.5 }, "its 'concurrency' must be an integer from 1 to 1000"],
    [
      'with a field that an event has not',
      { partitionBy: 'acount' },
      "it partitions by 'acount', and the event 'deposited' has no such field",
    ],
    ['with something that is neither', { partitionBy: 3 as never }, "its 'partitionBy' must be a field"],
  ])('%s', (_, options, why) => {
    expect(() => byAccount(() => {}, options)).toThrow(
      expect.objectContaining({ code: 'invalid-subscription', message: expect.stringContaining(why) }),
    )
  })
})
