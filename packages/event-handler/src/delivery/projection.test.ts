import { until } from '@writ/build-tools'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { append, appendDeposits, bankEvents, Deposited, deposited, withdrawn } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { away, type TestTransaction } from '../../test/troubled-store.js'
import { on, type ProjectionContext, projection, retryThenStop, Subscriptions, stopAtOnce } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

const ledger = (options: Partial<Parameters<typeof projection<TestTransaction>>[0]> = {}) =>
  projection<TestTransaction>({
    name: 'ledger',
    on: [on(Deposited, ({ amount }, { write }) => write(String(amount)))],
    ...options,
  })

const upTo = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1))

describe('a projection', () => {
  it('handles pages of events in one transaction each', async () => {
    const opened = await running.open([ledger()])
    await appendDeposits(opened.store, 10_000)
    await opened.subscriptions.start()
    await until('all were handled', () => opened.written.length === 10_000)
    expect(opened.written).toEqual(upTo(10_000))
    expect(opened.calls.advanceWith).toBeLessThan(30)
  })

  it('does a page that fails again, event by event: only the failing one is held up', async () => {
    const attempts: number[] = []
    const definition = ledger({
      onError: retryThenStop({ firstDelay: 1 }),
      on: [
        on(Deposited, ({ amount }, { write, attempt }) => {
          write(String(amount))
          if (amount !== 30) return
          attempts.push(attempt)
          if (attempts.length < 4) throw new Error('not yet')
        }),
      ],
    })
    const opened = await running.open([definition])
    await appendDeposits(opened.store, 100)
    await opened.subscriptions.start()
    await until('all were handled', () => opened.written.length === 100)
    expect(opened.written).toEqual(upTo(100))
    expect(attempts).toEqual([1, 1, 2, 3])
  })

  it('stops right before the event that can not be handled, with everything before it stored', async () => {
    const definition = ledger({
      onError: stopAtOnce,
      on: [
        on(Deposited, ({ amount }, { write }) => {
          write(String(amount))
          if (amount === 30) throw new Error('poison')
        }),
      ],
    })
    const opened = await running.open([definition])
    await appendDeposits(opened.store, 100)
    await opened.subscriptions.start()
    await until('it has stopped', () => opened.subscriptions.status()[0]!.state === 'stopped')
    expect(opened.written).toEqual(upTo(29))
    expect(opened.subscriptions.status()).toMatchObject([{ checkpoint: 29 }])
  })

  it('counts each event once when a commit is not answered for, whether or not it took effect', async () => {
    const opened = await running.open([ledger()])
    opened.before.advanceWith = (call) => {
      if (call === 2) throw away(true)
    }
    opened.after.advanceWith = (call) => {
      if (call % 3 === 0 && call < 20) throw away(true)
    }
    await appendDeposits(opened.store, 5_000)
    await opened.subscriptions.start()
    await until('all were handled', () => opened.subscriptions.status()[0]!.checkpoint === 5_000)
    expect(opened.written).toEqual(upTo(5_000))
    const [row] = await opened.store.checkpoints.list('ledger@1')
    expect(row!.epoch).toBeGreaterThan(2)
  })

  it('fences what an unanswered transaction may still be doing before it goes on', async () => {
    let arrive = () => {}
    const late = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const opened = await running.open([ledger()])
    const epochs: number[] = []
    const { advanceWith } = opened.store.checkpoints
    // The first transaction goes its way slowly, and its caller is told that the connection broke.
    opened.store.checkpoints.advanceWith = async (lease, position, effect) => {
      epochs.push(lease.epoch)
      if (epochs.length > 1) return advanceWith(lease, position, effect)
      const slowly = late.then(() => advanceWith(lease, position, effect))
      slowly.catch(() => 'fenced')
      throw away(true)
    }
    await append(opened.store, deposited(1))
    await opened.subscriptions.start()
    await until('it was handled', () => opened.written.length > 0)
    arrive()
    await new Promise((resolve) => setImmediate(resolve))
    expect(opened.written).toEqual(['1'])
    expect(epochs).toEqual([1, 2])
  })

  it('waits out a store that is away, and goes on by itself', async () => {
    const opened = await running.start([ledger()])
    await append(opened.store, deposited(1))
    await until('the first was handled', () => opened.written.length === 1)
    opened.takeAway()
    await append(opened.store, deposited(2))
    await until('the status shows it', () => opened.subscriptions.status()[0]!.state === 'retrying')
    opened.heal()
    await until('it went on', () => opened.written.length === 2)
    expect(opened.written).toEqual(['1', '2'])
  })

  it('sets up its tables before anything is handled, and not again once something was', async () => {
    const setUp = ({ write }: TestTransaction) => write('set up')
    const first = await running.start([ledger({ setUp })])
    await append(first.store, deposited(1))
    await until('it was handled', () => first.written.length === 2)
    await first.subscriptions.stop()
    const second = await running.start([ledger({ setUp })])
    await append(second.store, deposited(2))
    await until('the second was handled', () => second.written.length > 0)
    expect([...first.written, ...second.written]).toEqual(['set up', '1', '2'])
  })

  it('stops loudly when its set-up fails', async () => {
    const setUp = () => {
      throw new Error('no such schema')
    }
    const { subscriptions, logger } = await running.start([ledger({ setUp })])
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(subscriptions.status()).toMatchObject([{ error: { message: 'no such schema' } }])
    expect(logger.at('error')).toHaveLength(1)
  })

  it('is another one in each version: a new version starts from the first event', async () => {
    const first = await running.start([ledger()])
    await append(first.store, deposited(1))
    await until('it was handled', () => first.written.length === 1)
    const second = await running.start([ledger({ version: 2 })])
    await until('the new version has it too', () => second.written.length === 1)
    expect((await second.store.checkpoints.list()).map(({ subscription }) => subscription).sort()).toEqual([
      'ledger@1',
      'ledger@2',
    ])
  })

  it('is not handed what the store lacks until it asks for it', async () => {
    const store = inMemoryEventStore()
    await store.start()
    let handled = 0
    const modest = projection({ name: 'modest', on: [on(Deposited, () => void handled++)] })
    const greedy = projection<{ sql: (text: string) => void }>({
      name: 'greedy',
      onError: stopAtOnce,
      on: [on(Deposited, (_, { sql }: ProjectionContext<{ sql: (text: string) => void }>) => sql('select 1'))],
    })
    const subscriptions = new Subscriptions({ store, events: bankEvents })
    subscriptions.add(modest)
    subscriptions.add(greedy)
    await subscriptions.start()
    await append(store, deposited(1))
    await until('one handled it, one stopped', () => handled === 1 && subscriptions.status()[1]!.state === 'stopped')
    expect(subscriptions.status()[1]!.error).toMatchObject({ code: 'capability-missing' })
    await subscriptions.stop()
    await store.stop()
  })

  it('shares its checkpoint with nothing that it does not handle', async () => {
    const opened = await running.start([ledger()])
    await append(opened.store, withdrawn(1))
    await append(opened.store, deposited(1))
    await until('it was handled', () => opened.written.length === 1)
    expect(opened.calls.advanceWith).toBe(1)
  })
})
