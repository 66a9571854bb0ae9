import { until } from '@writ/build-tools'
import { hasCode, newEvent, systemRuntime } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { appendTo, Deposited, deposited } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { away, type TestTransaction } from '../../test/troubled-store.js'
import { VirtualRuntime } from '../../test/virtual-runtime.js'
import {
  type BatchContext,
  type ErrorPolicy,
  eventHandler,
  type Failure,
  type HandlerContext,
  on,
  onBatch,
  parkAtOnce,
  projection,
  retryLaterThenPark,
  type SubscriptionDefinition,
  stopAtOnce,
} from '../index.js'

const running = new Running()
afterEach(() => running.stop())

const kinds = ['event handler', 'concurrent event handler', 'event handler of batches', 'projection', 'projection of batches']

describe.each(kinds)('parking by an %s', (kind) => {
  const isProjection = kind.startsWith('projection')
  /** Amounts that fail. */
  let poison: Set<number>
  let outside: string[]
  beforeEach(() => {
    poison = new Set()
    outside = []
  })

  /** Handles deposits; what it has handled is told by what it did outside, or has written in its transactions: account and amount. */
  function failing(onError: ErrorPolicy = parkAtOnce, options: { readonly mostParked?: number } = {}): SubscriptionDefinition {
    const handle = async ({ account, amount }: Deposited, write: (text: string) => void) => {
      await new Promise((resolve) => setImmediate(resolve))
      if (isProjection) write(`${account}${amount}`)
      if (poison.has(amount)) throw new Error(`poison ${amount}`)
      if (!isProjection) write(`${account}${amount}`)
    }
    const handleAll = async (events: readonly Deposited[], write: (text: string) => void) => {
      const written: string[] = []
      for (const event of events) await handle(event, (text) => written.push(text))
      for (const text of written) write(text)
    }
    const given = { name: 'failing', onError, ...options }
    const toOutside = (text: string) => void outside.push(text)
    switch (kind) {
      case 'projection':
        return projection<TestTransaction>({
          ...given,
          on: [on(Deposited, (event, { write }: HandlerContext & TestTransaction) => handle(event, write))],
        })
      case 'projection of batches':
        return projection<TestTransaction>({
          ...given,
          onBatch: onBatch([Deposited], (events, { write }: BatchContext & TestTransaction) => handleAll(events, write)),
        })
      case 'event handler of batches':
        return eventHandler({ ...given, onBatch: onBatch([Deposited], (events) => handleAll(events, toOutside)) })
      default:
        return eventHandler({
          ...given,
          ...(kind.startsWith('concurrent') && { concurrency: 3 }),
          on: [on(Deposited, (event) => handle(event, toOutside))],
        })
    }
  }

  const name = isProjection ? 'failing@1' : 'failing'
  const handledBy = (written: readonly string[]) => (isProjection ? written : outside)
  const of = (account: string, handled: readonly string[]) => handled.filter((one) => one.startsWith(account)).join(' ')

  async function start(definition = failing(), options: { runtime?: VirtualRuntime } = {}) {
    const process = await running.start([definition], options)
    const parked = process.subscriptions.parked('failing')
    const handled = (account: string) => of(account, handledBy(process.written))
    const list = async () => (await parked.list()).map(({ sequence, position }) => `${sequence.at(-1)}${position}`).join(' ')
    const checkpoint = async () => (await process.store.checkpoints.list(name))[0]!.checkpoint
    return { ...process, parked, handled, list, checkpoint }
  }

  it('holds up the sequence of the event that failed, in order, and nothing else', async () => {
    poison.add(2)
    const { store, subscriptions, handled, list, checkpoint, parked, logger } = await start()
    await appendTo(store, 'a', 1, 2, 3)
    await appendTo(store, 'b', 11, 12)
    await appendTo(store, 'a', 4)
    await until('the checkpoint is beyond all', async () => (await checkpoint()) === 6)
    expect([handled('a'), handled('b')]).toEqual(['a1', 'b11 b12'])
    expect(await list()).toBe('a2 a3 a6')
    expect(subscriptions.status()).toMatchObject([{ state: 'running', parked: 3, skipped: 0 }])
    const [head, behind] = await parked.list()
    expect(head).toMatchObject({
      sequence: 'account-a',
      position: 2,
      part: 0,
      retryIn: undefined,
      decision: undefined,
      isEdited: false,
    })
    expect(head).toMatchObject({ event: { data: { amount: 2 } }, attempts: [{ error: { name: 'Error', message: 'poison 2' } }] })
    expect(behind).toMatchObject({ event: { data: { amount: 3 } }, attempts: [] })
    expect(logger.at('error')).toMatchObject([{ facts: { position: 2, type: 'deposited', attempt: 1 } }])
  })

  it('is over when someone has the event tried again: what waited behind it follows in order, then what is new', async () => {
    poison.add(1)
    const { store, handled, parked, list, checkpoint, subscriptions } = await start()
    await appendTo(store, 'a', 1, 2, 3)
    await until('all are parked', async () => (await list()) === 'a1 a2 a3' && (await checkpoint()) === 3)
    expect(await parked.retry('all', { wait: true })).toEqual({ events: 3, left: 3 })
    expect((await parked.list())[0]!.attempts).toHaveLength(2)
    poison.clear()
    expect(await parked.retry({ sequence: 'account-a', position: 1 }, { wait: true })).toEqual({ events: 1, left: 0 })
    await until('those behind it have followed', async () => (await list()) === '')
    await appendTo(store, 'a', 4)
    await subscriptions.waitFor(4, ['failing'])
    expect(handled('a')).toBe('a1 a2 a3 a4')
    expect(subscriptions.status()).toMatchObject([{ state: 'running', parked: 0 }])
  })

  it('ends with the event when it is discarded: what waited behind it follows', async () => {
    poison.add(1)
    const { store, handled, parked, list, checkpoint } = await start()
    await appendTo(store, 'a', 1, 2, 3, 4)
    await until('all are parked', async () => (await list()) === 'a1 a2 a3 a4' && (await checkpoint()) === 4)
    expect(await parked.discard({ sequence: 'account-a', position: 3 }, { wait: true })).toEqual({ events: 1, left: 0 })
    expect(await list()).toBe('a1 a2 a4')
    await parked.discard({ sequence: 'account-a', position: 1 })
    await until('none is parked', async () => (await list()) === '')
    expect(handled('a')).toBe('a2 a4')
  })

  it('is decided on by name, so that a misspelt sequence does not stand for all of them', async () => {
    poison.add(1)
    const { store, parked, list } = await start()
    await appendTo(store, 'a', 1, 2)
    await until('both are parked', async () => (await list()) === 'a1 a2')
    for (const which of [{ sequense: 'account-a' }, {}, undefined, null] as never[]) {
      const refused = { code: 'invalid-option', option: 'which' }
      await expect(parked.discard(which)).rejects.toMatchObject(refused)
      await expect(parked.retry(which)).rejects.toMatchObject(refused)
      await expect(parked.edit(which, null)).rejects.toMatchObject({ code: 'invalid-option', option: 'name' })
    }
    expect(await list()).toBe('a1 a2')
  })

  it('is tried again by itself when that was said, and asks the policy anew with all that went wrong', async () => {
    poison.add(1)
    const runtime = new VirtualRuntime()
    running.log = new InMemoryLog({ runtime })
    const failures: Failure[] = []
    const policy = retryLaterThenPark({ delays: [10_000, 60_000] })
    const definition = failing((failure, given) => {
      failures.push(failure)
      return policy(failure, given)
    })
    const { store, handled, list, parked } = await start(definition, { runtime })
    await appendTo(store, 'a', 1, 2)
    await appendTo(store, 'b', 11)
    await runtime.advance(2_000)
    expect([handled('b'), await list()]).toEqual(['b11', 'a1 a2'])
    expect((await parked.list())[0]).toMatchObject({ retryIn: expect.any(Number) })
    await runtime.advance(10_000)
    expect(failures).toHaveLength(2)
    await runtime.advance(70_000)
    expect(failures.map(({ attempt, history }) => [attempt, history.length])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    const [first, second] = failures[2]!.history
    expect(Date.parse(second!.at) - Date.parse(first!.at)).toBeGreaterThanOrEqual(5_000)
    await runtime.advance(100_000)
    expect(failures).toHaveLength(3)
    expect((await parked.list())[0]).toMatchObject({ retryIn: undefined })
    poison.clear()
    await parked.retry('all')
    await runtime.advance(2_000)
    expect([handled('a'), await list()]).toEqual(['a1 a2', ''])
  })

  it('goes on after a restart, in another process, where it was', async () => {
    poison.add(1)
    const here = await start()
    await appendTo(here.store, 'a', 1, 2)
    await until('both are parked', async () => (await here.list()) === 'a1 a2')
    await here.subscriptions.stop()
    const there = await start()
    await appendTo(there.store, 'a', 3)
    await appendTo(there.store, 'b', 11)
    await until('what came later waits, too', async () => (await there.list()) === 'a1 a2 a3')
    expect(there.subscriptions.status()).toMatchObject([{ parked: 3 }])
    await until('the rest flows', () => there.handled('b') === 'b11')
    poison.clear()
    // Decided in a process that does not run it.
    const elsewhere = await running.open([failing()])
    await elsewhere.subscriptions.parked(name).retry('all', { wait: true })
    expect(of('a', [...handledBy(here.written), ...(isProjection ? there.written : [])])).toBe('a1 a2 a3')
  })

  it('moves no checkpoint when the event can not be written down', async () => {
    poison.add(2)
    let isRefusing = true
    const process = await running.open([failing()])
    const refuse = () => {
      if (isRefusing) throw new Error('permission denied for table parked_events')
    }
    process.before.advance = refuse
    await process.subscriptions.start()
    await appendTo(process.store, 'a', 2)
    await until('it was tried', () => process.calls.advance > 2)
    expect(await process.store.checkpoints.list(name)).toMatchObject([{ checkpoint: 0 }])
    expect(await process.subscriptions.parked(name).list()).toEqual([])
    expect(process.subscriptions.status()).toMatchObject([
      { state: 'retrying', error: { message: expect.stringContaining('permission') } },
    ])
    isRefusing = false
    await until('it is parked', async () => (await process.subscriptions.parked(name).list()).length === 1)
    expect(await process.store.checkpoints.list(name)).toMatchObject([{ checkpoint: 1 }])
  })

  it('stops when too many are parked, and says so', async () => {
    poison.add(1)
    const { store, subscriptions, list, checkpoint } = await start(failing(parkAtOnce, { mostParked: 3 }))
    await appendTo(store, 'a', 1, 2, 3, 4)
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(subscriptions.status()).toMatchObject([{ error: { code: 'too-many-parked-events' } }])
    expect([await list(), await checkpoint()].join()).toMatch(/^(a1 a2 a3,3|a1 a2,2|a1,1|,0)$/)
  })

  it('hands over what was edited, checked by the schema; the log stays as it is', async () => {
    poison.add(1)
    const { store, handled, parked, list } = await start()
    await appendTo(store, 'a', 1, 2)
    await until('both are parked', async () => (await list()) === 'a1 a2')
    const [head] = await parked.list()
    await expect(parked.edit(head!, { amount: 'much' })).rejects.toMatchObject({ code: 'invalid-event' })
    await expect(parked.edit({ ...head!, position: 7 }, { amount: 5 })).rejects.toMatchObject({ code: 'unknown-parked-event' })
    await parked.edit(head!, { amount: 6 })
    expect((await parked.list())[0]).toMatchObject({ isEdited: true, event: { data: { account: 'a', amount: 6 } } })
    await parked.edit(head!, null)
    expect((await parked.list())[0]).toMatchObject({ isEdited: false, event: { data: { amount: 1 } } })
    await parked.edit(head!, { amount: 5 }, { actor: 'ann' })
    await parked.retry('all', { wait: true, actor: 'ann' })
    expect(handled('a')).toBe('a5 a2')
    for await (const [event] of store.readAll()) expect(event!.data).toContain('"amount":1')
  })

  it('never happens because the store or the application is away', async () => {
    let isAway = true
    const definition = isProjection
      ? projection({
          name: 'failing',
          onError: parkAtOnce,
          on: [on(Deposited, () => (isAway ? Promise.reject(away()) : undefined))],
        })
      : eventHandler({
          name: 'failing',
          onError: parkAtOnce,
          on: [on(Deposited, () => (isAway ? Promise.reject(away()) : undefined))],
        })
    const { store, subscriptions, list } = await start(definition)
    await appendTo(store, 'a', 1)
    await until('it is retrying', () => subscriptions.status()[0]!.state === 'retrying')
    expect(await list()).toBe('')
    isAway = false
    await subscriptions.waitFor(1, ['failing'])
    expect(await list()).toBe('')
  })

  it('drops an event whose stream was erased since', async () => {
    poison.add(1)
    const { store, parked, list, logger } = await start()
    await appendTo(store, 'a', 1)
    await until('it is parked', async () => (await list()) === 'a1')
    const eraser = inMemoryEventStore({ log: running.log, allowHardDelete: true })
    await eraser.start()
    await eraser.streams.delete('account-a', { hard: true })
    expect((await parked.list())[0]).toMatchObject({ event: undefined, attempts: [{ error: { message: 'poison 1' } }] })
    await parked.retry('all', { wait: true })
    expect(await list()).toBe('')
    expect(logger.at('warn').map(({ message }) => message)).toContainEqual(expect.stringContaining('is dropped'))
    await eraser.stop()
  })

  it('can be told that one that fails again stops the subscription; it stays parked', async () => {
    poison.add(1)
    const { store, parked, list, subscriptions } = await start(
      failing((failure, runtime) => (failure.attempt === 1 ? 'park' : stopAtOnce(failure, runtime))),
    )
    await appendTo(store, 'a', 1)
    await until('it is parked', async () => (await list()) === 'a1')
    await parked.retry('all')
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(await list()).toBe('a1')
  })

  it('keeps many in order', async () => {
    poison.add(1)
    const { store, parked, handled, subscriptions } = await start()
    const amounts = Array.from({ length: 600 }, (_, index) => index + 1)
    await appendTo(store, 'a', ...amounts)
    await until(
      'all are parked',
      () => subscriptions.status()[0]!.parked === 600 && subscriptions.status()[0]!.checkpoint === 600,
    )
    poison.clear()
    await parked.retry({ sequence: 'account-a', position: 1 })
    await until('none is parked', () => subscriptions.status()[0]!.parked === 0)
    expect(handled('a')).toBe(amounts.map((amount) => `a${amount}`).join(' '))
  })
})

describe('parking by a handler whose events belong to several sequences', () => {
  it('lets one wait until it is the first in all of them, and holds up all of them', async () => {
    const poison = new Set([1])
    const handled: number[] = []
    const definition: SubscriptionDefinition = {
      ...eventHandler({
        name: 'several',
        concurrency: 4,
        onError: parkAtOnce,
        on: [
          on(Deposited, async ({ amount }) => {
            await new Promise((resolve) => setImmediate(resolve))
            if (poison.has(amount)) throw new Error('poison')
            handled.push(amount)
          }),
        ],
      }),
      // The digits of the account name its sequences.
      sequencesOf: ({ data }) => [...(data as Deposited).account],
    }
    const { store, subscriptions } = await running.start([definition])
    for (const [account, amount] of [
      ['x', 1],
      ['xy', 2],
      ['y', 3],
      ['z', 4],
    ] as const)
      await appendTo(store, account, amount)
    const parked = subscriptions.parked('several')
    await until('what hangs together is parked', async () => (await parked.list()).length === 4)
    expect(handled).toEqual([4])
    expect((await parked.list()).map(({ sequence, position }) => `${sequence}${position}`)).toEqual(['x1', 'x2', 'y2', 'y3'])
    poison.clear()
    await parked.retry({ sequence: 'x', position: 1 })
    await until('none is parked', async () => (await parked.list()).length === 0)
    expect(handled).toEqual([4, 1, 2, 3])
  })
})

describe('parking in partitions', () => {
  it('is each partition its own: who holds it tries again, also after it has changed hands and the number has changed', async () => {
    let isBroken = true
    const handled: string[] = []
    const sharing = (partitions: number) =>
      eventHandler({
        name: 'sharing',
        partitions,
        onError: parkAtOnce,
        partitionBy: ({ account }: Deposited) => (account === 'long' ? 'l'.repeat(2_000) : account),
        on: [
          on(Deposited, ({ account, amount }) => {
            if (isBroken && amount === 1) throw new Error('poison')
            handled.push(`${account}${amount}`)
          }),
        ],
      })
    const accounts = ['a', 'b', 'c', 'd', 'e', 'long']
    const first = await running.start([sharing(4)], { leaseMilliseconds: 300 })
    const second = await running.start([sharing(4)], { leaseMilliseconds: 300 })
    for (const account of accounts) await appendTo(first.store, account, 1, 2)
    const parked = second.subscriptions.parked('sharing')
    await until('all are parked', async () => (await parked.list()).length === 12)
    await first.subscriptions.stop()
    await second.subscriptions.stop()
    const third = await running.start([sharing(3)], { leaseMilliseconds: 300 })
    for (const account of accounts) await appendTo(third.store, account, 3)
    await until('what came later waits, too', async () => (await parked.list()).length === 18)
    expect(handled).toEqual([])
    isBroken = false
    expect(await third.subscriptions.parked('sharing').retry('all', { wait: true })).toEqual({ events: 18, left: 0 })
    for (const account of accounts) {
      expect(handled.filter((one) => one.startsWith(account))).toEqual([1, 2, 3].map((amount) => `${account}${amount}`))
    }
    expect(third.subscriptions.status()).toMatchObject([{ parked: 0 }])
  })
})

describe('parking by keys', () => {
  it('keeps what has one key in its order, whatever the key is; a handler need not be concurrent for that', async () => {
    const handled: number[] = []
    const [long, odd] = ['k'.repeat(5_000), 'a\u0000b\ud800']
    const keys: Record<string, string> = { long, odd, free: 'free' }
    const definition = eventHandler({
      name: 'by-key',
      onError: parkAtOnce,
      partitionBy: (event) => keys[(event as Deposited).account],
      on: [on(Deposited, ({ amount }) => (amount === 1 ? Promise.reject(new Error('poison')) : void handled.push(amount)))],
    })
    const { store, subscriptions } = await running.start([definition])
    for (const [stream, account, amount] of [
      ['x', 'long', 1],
      ['y', 'long', 2],
      ['x', 'free', 3],
      ['z', 'odd', 1],
      ['x', 'odd', 4],
    ] as const) {
      await store.append({ stream, events: [newEvent(deposited(amount, account), systemRuntime.uuid())] })
    }
    await until('what has the keys is parked', async () => (await subscriptions.parked('by-key').list()).length === 4)
    expect(handled).toEqual([3])
  })
})

describe('what is parked', () => {
  it('is asked for by the name of a handler that there is', async () => {
    const { subscriptions } = await running.open([eventHandler({ name: 'mails', on: [on(Deposited, () => {})] })])
    expect(() => subscriptions.parked('mail')).toThrow(
      expect.objectContaining({ code: 'unknown-handler', message: expect.stringContaining("'mails'") }),
    )
  })

  it('tells whoever waits for a decision that nobody is there to carry it out', async () => {
    const { store, subscriptions } = await running.start([
      eventHandler({ name: 'failing', onError: parkAtOnce, on: [on(Deposited, () => Promise.reject(new Error('no')))] }),
    ])
    await appendTo(store, 'a', 1)
    const parked = subscriptions.parked('failing')
    await until('it is parked', async () => (await parked.list()).length === 1)
    await subscriptions.stop()
    const decided = parked.retry('all', { wait: true, timeout: 50 })
    await expect(decided).rejects.toMatchObject({ code: 'decision-pending', events: 1 })
    expect((await parked.list())[0]).toMatchObject({ decision: 'retry' })
    expect(hasCode(await decided.catch((error: unknown) => error), 'decision-pending')).toBe(true)
  })
})
