import { until } from '@writ/build-tools'
import { appendDeposits, Deposited } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { on, onBatch, type ProjectionOptions, projection } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('a subscription that stands still', () => {
  it('goes to the position that it is told and no further, far from the end of the log and near it, and misses nothing and handles nothing twice', async () => {
    const handled: number[] = []
    let mayHandle = 3
    let go = () => {}
    const ledger = projection({
      name: 'ledger',
      on: [
        on(Deposited, async ({ amount }) => {
          // It is stopped in the first page that it reads by itself.
          if (amount === mayHandle) await new Promise<void>((resolve) => (go = resolve))
          handled.push(amount)
        }),
      ],
    })
    const { store, subscriptions } = await running.open([ledger])
    await appendDeposits(store, 6_000)
    await subscriptions.start()
    await until('it is at work', () => handled.length === 2)
    const whileFar = subscriptions.whileHalted(
      'ledger@1',
      async (halts) => {
        const [halt] = halts
        const from = halt!.position
        await halt!.goTo(from + 1_234)
        return {
          from,
          to: halt!.position,
          handled: handled.length,
          stored: (await store.checkpoints.list('ledger@1'))[0]!.checkpoint,
        }
      },
      5_000,
    )
    mayHandle = 0
    go()
    const far = (await whileFar)!
    expect(far.from).toBeLessThan(2_000)
    expect(far).toEqual({ from: far.from, to: far.from + 1_234, handled: far.from + 1_234, stored: far.from + 1_234 })
    await until('it has come to the end', () => handled.length === 6_000)
    const near = await subscriptions.whileHalted(
      'ledger@1',
      async ([halt]) => {
        await appendDeposits(store, 100)
        await halt!.goTo(6_040)
        return handled.length
      },
      5_000,
    )
    expect(near).toBe(6_040)
    await until('it goes on', () => handled.length === 6_100)
    expect(handled).toEqual([...upTo(6_000), ...upTo(100)])
  })

  it('does not wait for a batch to become full', async () => {
    const sizes: number[] = []
    const options: ProjectionOptions = { name: 'ledger', batch: { size: 1_000, within: 60_000 } }
    const ledger = projection({ ...options, onBatch: onBatch([Deposited], (events) => void sizes.push(events.length)) })
    const { store, subscriptions } = await running.start([ledger])
    await until('it runs', () => subscriptions.status()[0]!.state === 'running')
    await appendDeposits(store, 10)
    await subscriptions.whileHalted('ledger@1', ([halt]) => halt!.goTo(7), 5_000)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(7)
    expect((await store.checkpoints.list('ledger@1'))[0]!.checkpoint).toBe(7)
  })

  it('is not waited for longer than it was said, and goes on by itself when it comes to it later', async () => {
    const handled: number[] = []
    let go: (() => void) | undefined
    const ledger = projection({
      name: 'ledger',
      on: [
        on(Deposited, async ({ amount }) => {
          if (amount === 1) await new Promise<void>((resolve) => (go = resolve))
          handled.push(amount)
        }),
      ],
    })
    const { store, subscriptions } = await running.start([ledger])
    await appendDeposits(store, 3)
    await until('it is at work', () => go !== undefined)
    const work = jest.fn()
    await expect(subscriptions.whileHalted('ledger@1', work, 20)).resolves.toBeUndefined()
    go!()
    await until('it has gone on', () => handled.length === 3)
    expect(work).not.toHaveBeenCalled()
  })

  it('is let go when it has to end, and its work is told by an error of its own', async () => {
    const ledger = projection({ name: 'ledger', on: [on(Deposited, () => {})] })
    const { store, subscriptions } = await running.start([ledger])
    await until('it runs', () => subscriptions.status()[0]!.state === 'running')
    await appendDeposits(store, 3)
    const failure = new Error('no such table')
    await expect(subscriptions.whileHalted('ledger@1', () => Promise.reject(failure), 5_000)).rejects.toBe(failure)
    let stopped: Promise<void> | undefined
    const ended = subscriptions.whileHalted(
      'ledger@1',
      async ([halt]) => {
        stopped = subscriptions.stop()
        await until('it is told to end', () => halt!.signal.aborted)
        await halt!.goTo(halt!.position + 1)
      },
      5_000,
    )
    await expect(ended).resolves.toBeUndefined()
    await stopped
    await expect(subscriptions.whileHalted('ledger@1', async () => 'never', 10)).resolves.toBeUndefined()
  })
})
