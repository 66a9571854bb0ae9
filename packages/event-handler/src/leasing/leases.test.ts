import { until } from '@writ/build-tools'
import { InMemoryLog } from '@writ/event-store-memory'
import { append, appendDeposits, Deposited, deposited } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { away, type TestTransaction } from '../../test/troubled-store.js'
import { VirtualRuntime } from '../../test/virtual-runtime.js'
import { eventHandler, on, projection } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

function recorder(before: (amount: number) => unknown = () => {}) {
  const seen: number[] = []
  const definition = eventHandler({
    name: 'recorder',
    on: [
      on(Deposited, async ({ amount }) => {
        await before(amount)
        seen.push(amount)
      }),
    ],
  })
  return { seen, definition }
}

describe('the lease of a subscription', () => {
  it('lets one process run it; the others stand by, and say so', async () => {
    const [one, two] = [recorder(), recorder()]
    const first = await running.start([one.definition], { owner: 'first' })
    await until('the first has it', () => first.subscriptions.status()[0]!.state === 'running')
    const second = await running.start([two.definition], { owner: 'second' })
    await until('the second stands by', () => second.subscriptions.status()[0]!.state === 'standby')
    await appendDeposits(first.store, 100)
    await until('all were handled', () => one.seen.length === 100)
    expect(two.seen).toEqual([])
    expect(second.subscriptions.status()).toMatchObject([{ heldBy: 'first' }])
    expect(second.logger.at('info')).toMatchObject([{ facts: { subscription: 'recorder', heldBy: 'first' } }])
    await until('the second knows how far it is', () => second.subscriptions.status()[0]!.checkpoint === 100)
  })

  it('passes on at once when it is given back', async () => {
    const [one, two] = [recorder(), recorder()]
    const first = await running.start([one.definition], { leaseMilliseconds: 600_000 })
    await append(first.store, deposited(1))
    await until('the first handled it', () => one.seen.length === 1)
    const second = await running.start([two.definition], { leaseMilliseconds: 600_000 })
    await until('the second stands by', () => second.subscriptions.status()[0]!.state === 'standby')
    await first.subscriptions.stop()
    await append(second.store, deposited(2))
    await until('the second handles the next one', () => two.seen.length === 1)
    expect(two.seen).toEqual([2])
  })

  it('passes on after it has expired when its holder vanished', async () => {
    const runtime = new VirtualRuntime()
    running.log = new InMemoryLog({ runtime })
    const [one, two] = [recorder(), recorder()]
    const first = await running.start([one.definition], { runtime })
    await runtime.settle()
    await append(first.store, deposited(1))
    await runtime.settle()
    // Nothing of the first process reaches the store any more.
    first.takeAway()
    const second = await running.start([two.definition], { runtime })
    await append(second.store, deposited(2))
    await runtime.advance(4_000)
    expect(second.subscriptions.status()[0]!.state).toBe('standby')
    await runtime.advance(2_000)
    expect(second.subscriptions.status()[0]!.state).toBe('running')
    expect(two.seen).toEqual([2])
    expect(first.subscriptions.status()[0]!.state).not.toBe('running')
  })

  it('is kept while a handler takes longer than it lasts', async () => {
    const runtime = new VirtualRuntime()
    running.log = new InMemoryLog({ runtime })
    let finish = () => {}
    const [one, two] = [
      recorder(
        () =>
          new Promise<void>((resolve) => {
            finish = resolve
          }),
      ),
      recorder(),
    ]
    const first = await running.start([one.definition], { runtime })
    await append(first.store, deposited(1))
    await runtime.settle()
    await running.start([two.definition], { runtime })
    await runtime.advance(60_000)
    expect(first.subscriptions.status()[0]!.state).toBe('running')
    finish()
    await runtime.settle()
    expect(one.seen).toEqual([1])
    expect(two.seen).toEqual([])
  })

  it('is taken for lost by a process that was blocked for longer than it lasts: no further handler runs', async () => {
    const runtime = new VirtualRuntime()
    running.log = new InMemoryLog({ runtime })
    const [one, two] = [
      recorder((amount) => {
        if (amount === 2) runtime.block(6_000)
      }),
      recorder(),
    ]
    const first = await running.start([one.definition], { runtime, owner: 'first' })
    await runtime.settle()
    await running.start([two.definition], { runtime, owner: 'second' })
    await runtime.settle()
    await append(first.store, deposited(1), deposited(2), deposited(3))
    await runtime.settle()
    expect(one.seen).toEqual([1, 2])
    expect(first.logger.at('warn')).toMatchObject([{ message: expect.stringContaining('lease is lost') }])
    await runtime.advance(5_000)
    // Whoever goes on does so from the stored checkpoint.
    expect([...one.seen, ...two.seen].slice(2)).toEqual(expect.arrayContaining([3]))
  })

  it('is asked for anew when it was lost, and work goes on from the stored checkpoint', async () => {
    const { seen, definition } = recorder()
    const opened = await running.start([definition], { leaseMilliseconds: 600 })
    await append(opened.store, deposited(1))
    await until('it was handled and stored', () => opened.subscriptions.status()[0]!.checkpoint === 1)
    const [row] = await opened.store.checkpoints.list('recorder')
    await opened.store.checkpoints.release({ subscription: 'recorder', partition: 0, owner: row!.owner!, epoch: row!.epoch })
    const thief = await opened.store.checkpoints.acquire({ subscription: 'recorder', partition: 0 }, 'thief', 600_000)
    if (!thief.acquired) throw new Error('the thief got nothing')
    await until('it has noticed', () => opened.subscriptions.status()[0]!.state === 'standby')
    await append(opened.store, deposited(2))
    await until('it knows who has it', () => opened.subscriptions.status()[0]!.heldBy === 'thief')
    expect(seen).toEqual([1])
    await opened.store.checkpoints.release(thief.lease)
    await until('it goes on', () => seen.length === 2)
    expect(seen).toEqual([1, 2])
  })

  it('fences a zombie: what its transaction wrote is rolled back, its checkpoint refused', async () => {
    let resume = () => {}
    let isZombieAtWork = false
    const zombie = projection<TestTransaction>({
      name: 'ledger',
      on: [
        on(Deposited, async ({ amount }, { write }) => {
          isZombieAtWork = true
          await new Promise<void>((resolve) => {
            resume = resolve
          })
          write(`zombie ${amount}`)
        }),
      ],
    })
    const healthy = projection<TestTransaction>({
      name: 'ledger',
      on: [on(Deposited, ({ amount }, { write }) => write(`healthy ${amount}`))],
    })
    const first = await running.start([zombie], { leaseMilliseconds: 300 })
    await append(first.store, deposited(1))
    await until('the zombie is at work', () => isZombieAtWork)
    first.takeAway()
    const second = await running.start([healthy], { leaseMilliseconds: 300 })
    await until('the healthy one has taken over', () => second.written.length === 1)
    first.heal()
    resume()
    await until('the zombie has noticed', () => first.subscriptions.status()[0]!.heldBy !== undefined)
    expect(first.written).toEqual([])
    expect(second.written).toEqual(['healthy 1'])
    expect(await second.store.checkpoints.list('ledger@1')).toMatchObject([{ checkpoint: 1 }])
  })

  it('survives a store that is away for less than it lasts', async () => {
    const runtime = new VirtualRuntime()
    running.log = new InMemoryLog({ runtime })
    const { seen, definition } = recorder()
    const opened = await running.start([definition], { runtime })
    await runtime.advance(1_000)
    opened.before.renew = () => {
      throw away()
    }
    await runtime.advance(3_000)
    opened.heal()
    await runtime.advance(3_000)
    await append(opened.store, deposited(1))
    await runtime.settle()
    expect(seen).toEqual([1])
    expect(opened.calls.acquire).toBe(1)
  })
})
