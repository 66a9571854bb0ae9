import { until } from '@writ/build-tools'
import { newEvent, systemRuntime } from '@writ/event-store'
import { Deposited, deposited, withdrawn } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import type { TestProcess } from '../../test/test-process.js'
import type { TestTransaction } from '../../test/troubled-store.js'
import { type EventHandlerValue, eventHandler, on, projection, type StartContext } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

/** Deposits to twenty accounts, each a stream of its own. */
async function depositToAll(process: TestProcess, amount: number): Promise<number> {
  let position = 0
  for (let account = 0; account < 20; account++) {
    const events = [newEvent(deposited(amount, `a${account}`), systemRuntime.uuid())]
    position = (await process.store.append({ stream: `account-${account}`, events })).position
  }
  return position
}

interface Seen {
  readonly account: string
  readonly amount: number
  readonly by: string
}

function ledger(by: string, seen: Seen[], options: Partial<EventHandlerValue> = {}) {
  return eventHandler({
    name: 'ledger',
    partitions: 4,
    on: [on(Deposited, ({ account, amount }) => void seen.push({ account, amount, by }))],
    ...options,
  })
}

const here = ({ subscriptions }: TestProcess) => subscriptions.status()[0]!.here
const inOrder = (seen: readonly Seen[]) => {
  const byAccount = new Map<string, number[]>()
  for (const { account, amount } of seen) byAccount.set(account, [...(byAccount.get(account) ?? []), amount])
  return [...byAccount.values()]
}

describe('the partitions of a subscription', () => {
  it('all run in the one process that there is; each stream is handled by one of them, in its order', async () => {
    const seen: Seen[] = []
    const one = await running.start([ledger('one', seen)])
    await until('all run', () => here(one) === 4)
    for (const amount of [1, 2, 3]) await depositToAll(one, amount)
    await until('all were handled', () => seen.length === 60)
    expect(inOrder(seen)).toEqual(Array(20).fill([1, 2, 3]))
    const [status] = one.subscriptions.status()
    await until('all has been stored', () => one.subscriptions.status()[0]!.lag === 0)
    expect(status).toMatchObject({ state: 'running', here: 4, isPaused: false })
    expect(status!.partitions.map(({ partition, state }) => [partition, state])).toEqual([0, 1, 2, 3].map((p) => [p, 'running']))
  })

  it('are shared evenly: who comes gets some, who goes leaves some, and each event is handled once', async () => {
    const seen: Seen[] = []
    const one = await running.start([ledger('one', seen)], { owner: 'one', leaseMilliseconds: 600 })
    await until('the first has all', () => here(one) === 4)
    await depositToAll(one, 1)
    const two = await running.start([ledger('two', seen)], { owner: 'two', leaseMilliseconds: 600 })
    await until('both have half', () => here(one) === 2 && here(two) === 2)
    await depositToAll(one, 2)
    const three = await running.start([ledger('three', seen)], { owner: 'three', leaseMilliseconds: 600 })
    await until('all three have some', () => here(one) + here(two) + here(three) === 4 && here(three) === 1)
    await depositToAll(one, 3)
    await until('all were handled', () => seen.length === 60)
    await one.subscriptions.stop()
    await until('the others have all', () => here(two) === 2 && here(three) === 2)
    await depositToAll(two, 4)
    await until('those were handled, too', () => seen.length === 80)
    expect(inOrder(seen)).toEqual(Array(20).fill([1, 2, 3, 4]))
    expect(new Set(seen.map(({ by }) => by))).toEqual(new Set(['one', 'two', 'three']))
    const holders = () => two.subscriptions.status()[0]!.partitions.map(({ heldBy }) => heldBy)
    await until('one knows who has what', () => holders().sort().join() === 'three,three,two,two')
    expect(two.logger.lines.some(({ message }) => message === 'the subscription is shared with other processes')).toBe(true)
  })

  it('of one partition each are spread over the processes, too', async () => {
    const many = Array.from({ length: 10 }, (_, index) => eventHandler({ name: `s${index}`, on: [on(Deposited, () => {})] }))
    const held = ({ subscriptions }: TestProcess) => subscriptions.status().reduce((sum, { here }) => sum + here, 0)
    const one = await running.start(many, { leaseMilliseconds: 600 })
    await until('the first has all', () => held(one) === 10)
    const two = await running.start(many, { leaseMilliseconds: 600 })
    await until('both have five', () => held(one) === 5 && held(two) === 5)
  })

  it('are those of a field, or of a function, where it says so', async () => {
    const seen: Seen[] = []
    const by = ledger('one', seen, { partitionBy: 'account' })
    const one = await running.start([by])
    // All in one stream: by stream, one partition would have them all.
    for (let account = 0; account < 20; account++) {
      const events = [1, 2].map((amount) => newEvent(deposited(amount, `a${account}`), systemRuntime.uuid()))
      await one.store.append({ stream: 'account-all', events })
    }
    await until('all were handled', () => seen.length === 40)
    expect(inOrder(seen)).toEqual(Array(20).fill([1, 2]))
    const parts = new Set(Array.from({ length: 20 }, (_, account) => `a${account}`))
    expect(new Set(seen.map(({ account }) => account))).toEqual(parts)
  })

  it('each have a state of their own, and are told of their start', async () => {
    const counts: number[] = []
    const starts: StartContext[] = []
    let states = 0
    const counting = eventHandler<{ count: number }>({
      name: 'counting',
      partitions: 2,
      state: () => ({ count: 100 * ++states }),
      afterStart: (context) => void starts.push(context),
      on: [on(Deposited, (_, { state }) => void counts.push(++state.count))],
    })
    const one = await running.start([counting])
    await depositToAll(one, 1)
    await until('all were handled', () => counts.length === 20)
    expect(states).toBe(2)
    expect(starts.map(({ subscription, partition, partitions }) => [subscription, partition, partitions]).sort()).toEqual([
      ['counting', 0, 2],
      ['counting', 1, 2],
    ])
    expect(Math.max(...counts) - 200 + Math.max(...counts.filter((count) => count < 200)) - 100).toBe(20)
  })

  it('wait for an afterStart that fails, and say so', async () => {
    const seen: Seen[] = []
    let isFailing = true
    const afterStart = () => {
      if (isFailing) throw new Error('the cache is away')
    }
    const one = await running.start([ledger('one', seen, { partitions: 1, afterStart })])
    await depositToAll(one, 1)
    await until('it was tried again', () => (one.subscriptions.status()[0]!.attempt ?? 0) > 1)
    expect(one.subscriptions.status()).toMatchObject([{ state: 'retrying', error: { message: 'the cache is away' } }])
    expect(seen).toEqual([])
    isFailing = false
    await until('it goes on', () => seen.length === 20)
  })

  it('change their number where all have come to one position; nothing is lost, handled twice or out of order', async () => {
    const seen: Seen[] = []
    const old = await running.start([ledger('old', seen, { partitions: 2 })], { leaseMilliseconds: 600 })
    for (const amount of [1, 2]) await depositToAll(old, amount)
    const next = await running.start([ledger('next', seen, { partitions: 5 })], { leaseMilliseconds: 600 })
    for (const amount of [3, 4]) await depositToAll(old, amount)
    await until('there are five', () => old.subscriptions.status()[0]!.partitions.length === 5)
    await until('all run', () => here(old) + here(next) === 5)
    await depositToAll(old, 5)
    await until('all were handled', () => seen.length === 100)
    expect(inOrder(seen)).toEqual(Array(20).fill([1, 2, 3, 4, 5]))
    expect(old.subscriptions.status()[0]!.change).toBeUndefined()
  })

  it('have the number that was wished for last; those who wish for another when they start don’t go back and forth', async () => {
    const seen: Seen[] = []
    const wishing = (partitions: number) =>
      running.start([ledger(`wants ${partitions}`, seen, { partitions })], { leaseMilliseconds: 600 })
    const numbers = (...processes: TestProcess[]) =>
      processes.map(({ subscriptions }) => subscriptions.status()[0]!.partitions.length).join()
    const one = await wishing(3)
    await until('there are three', () => here(one) === 3)
    const two = await wishing(5)
    await until('there are five', () => numbers(one, two) === '5,5' && here(one) + here(two) === 5)
    const three = await wishing(3)
    await until('there are three again', () => numbers(one, two, three) === '3,3,3')
    await until('all run', () => here(one) + here(two) + here(three) === 3)
    const epochs = async () => (await one.store.checkpoints.list()).map(({ epoch }) => epoch)
    const settled = await epochs()
    for (const amount of [1, 2]) await one.subscriptions.waitFor(await depositToAll(one, amount), ['ledger'])
    expect(inOrder(seen)).toEqual(Array(20).fill([1, 2]))
    expect(await epochs()).toEqual(settled)
  })

  it('change their number with concurrent handlers at work, too', async () => {
    const seen: Seen[] = []
    const slow = on(Deposited, async ({ account, amount }) => {
      await new Promise((resolve) => setImmediate(resolve))
      seen.push({ account, amount, by: '' })
    })
    const old = await running.start([ledger('old', seen, { partitions: 1, concurrency: 5, on: [slow] })], {
      leaseMilliseconds: 600,
    })
    for (let amount = 1; amount <= 20; amount++) await depositToAll(old, amount)
    await running.start([ledger('next', seen, { partitions: 3, concurrency: 5, on: [slow] })], { leaseMilliseconds: 600 })
    for (let amount = 21; amount <= 40; amount++) await depositToAll(old, amount)
    await until('all were handled', () => seen.length === 800)
    expect(inOrder(seen)).toEqual(Array(20).fill(Array.from({ length: 40 }, (_, index) => index + 1)))
  })

  it('let a projection count each event once, whoever comes and goes', async () => {
    const counting = (by: string) =>
      projection<TestTransaction>({
        name: 'count',
        partitions: 3,
        on: [on(Deposited, ({ account, amount }, { write }) => write(`${account}:${amount} ${by}`))],
      })
    const one = await running.start([counting('one')], { leaseMilliseconds: 300 })
    await depositToAll(one, 1)
    const two = await running.start([counting('two')], { leaseMilliseconds: 300 })
    await depositToAll(one, 2)
    one.takeAway()
    await depositToAll(two, 3)
    await until('the other has all', () => here(two) === 3)
    await until('all is counted', () => two.subscriptions.status()[0]!.lag === 0)
    one.heal()
    await until('the first is back', () => here(one) > 0)
    await depositToAll(two, 4)
    await until('all is written', () => one.written.length + two.written.length >= 80)
    const written = [...one.written, ...two.written].map((text) => text.split(' ')[0])
    expect(written.length).toBe(80)
    expect(new Set(written).size).toBe(80)
  })

  it('are waited for all together, in whatever process they run', async () => {
    const seen: Seen[] = []
    const options = { consistency: 'strong' } as const
    const one = await running.start([ledger('one', seen, options)], { leaseMilliseconds: 600 })
    const two = await running.start([ledger('two', seen, options)], { leaseMilliseconds: 600 })
    await until('both have half', () => here(one) === 2 && here(two) === 2)
    for (let round = 1; round <= 5; round++) {
      const position = await depositToAll(one, round)
      await Promise.all([one.subscriptions.waitFor(position), two.subscriptions.waitFor(position)])
      expect(seen.length).toBe(20 * round)
      // Of no concern to it, and so not waited for until its checkpoint comes by.
      const events = [newEvent(withdrawn(1), systemRuntime.uuid())]
      await two.subscriptions.waitFor((await one.store.append({ stream: 'account-1', events })).position)
    }
  })

  it('are refused below one and above a thousand', () => {
    for (const partitions of [0, 1.5, 1_001]) {
      expect(() => ledger('one', [], { partitions })).toThrow(expect.objectContaining({ code: 'invalid-subscription' }))
    }
  })
})

describe('a process that is stopped by its error policy', () => {
  it('gives back all partitions, for others to take', async () => {
    const seen: Seen[] = []
    const failing = on(Deposited, () => {
      throw new Error('no disk')
    })
    const broken = await running.start([ledger('broken', seen, { on: [failing], onError: () => 'stop' })], {
      leaseMilliseconds: 600,
    })
    await until('it has all', () => here(broken) === 4)
    const healthy = await running.start([ledger('healthy', seen)], { leaseMilliseconds: 600 })
    await until('both have half', () => here(broken) === 2 && here(healthy) === 2)
    await depositToAll(broken, 1)
    await until('the other has all', () => here(healthy) === 4)
    expect(broken.subscriptions.status()).toMatchObject([{ state: 'stopped', error: { message: 'no disk' }, here: 0 }])
    await until('all were handled', () => seen.length === 20)
  })
})
