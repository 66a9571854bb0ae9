import { until } from '@writ/build-tools'
import type { RecordedEvent } from '@writ/event-store'
import { append, appendDeposits, Deposited, deposited, Renamed, Withdrawn } from '../../test/bank-events.js'
import { appendOld, oldAndNewEvents } from '../../test/old-events.js'
import { Running } from '../../test/running.js'
import type { TestTransaction } from '../../test/troubled-store.js'
import {
  eventHandler,
  type HandlerContext,
  on,
  parkAtOnce,
  projection,
  type SubscriptionDefinition,
  skipAtOnce,
  stopAtOnce,
} from '../index.js'

const running = new Running()
afterEach(() => running.stop())

const events = oldAndNewEvents
const open = (definitions: readonly SubscriptionDefinition[]) => running.open(definitions, { events })
const start = (definitions: readonly SubscriptionDefinition[]) => running.start(definitions, { events })
const move = { from: 'a', to: 'b', amount: 5 }
const shown = ({ type, position, part }: RecordedEvent) => `${type} ${position}/${part}`

/** Notes all that it is handed. */
function recorder(options: Partial<Parameters<typeof eventHandler>[0]> = {}) {
  const seen: string[] = []
  const note = (_: unknown, { event }: HandlerContext) => void seen.push(shown(event))
  return { seen, definition: eventHandler({ name: 'recorder', on: [on(Deposited, note), on(Withdrawn, note)], ...options }) }
}

const checkpointOf = async (
  store: { checkpoints: { list(name: string): Promise<readonly { checkpoint: number }[]> } },
  name: string,
) => (await store.checkpoints.list(name))[0]!.checkpoint

describe('what an older event is today', () => {
  it('is handed to the handlers of today, part after part', async () => {
    const { seen, definition } = recorder()
    const { store } = await start([definition])
    await appendOld(store, 'moved', move)
    await append(store, deposited(1))
    await until('all came', () => seen.length === 3)
    expect(seen).toEqual(['withdrawn 1/0', 'deposited 1/1', 'deposited 2/0'])
  })

  it('is found by one that is far behind, and for whom little of the log matters', async () => {
    const seen: string[] = []
    const rare = eventHandler({ name: 'rare', on: [on(Withdrawn, (_, { event }) => void seen.push(shown(event)))] })
    const opened = await open([rare])
    for (let round = 0; round < 5; round++) {
      await appendDeposits(opened.store, 4_000)
      await appendOld(opened.store, 'moved', move)
    }
    await opened.subscriptions.start()
    await until('all came', () => seen.length === 5)
    expect(seen).toEqual([1, 2, 3, 4, 5].map((round) => `withdrawn ${round * 4_001}/0`))
    expect(opened.eventsRead).toBeLessThan(15_000)
  })

  it('costs nobody a thing who is not concerned, and the checkpoint moves past it', async () => {
    const names: string[] = []
    const renamed = eventHandler({
      name: 'renamed',
      consistency: 'strong',
      on: [on(Renamed, ({ name }) => void names.push(name))],
    })
    const { store, subscriptions } = await start([renamed])
    await appendOld(store, 'noted', {})
    const position = await appendOld(store, 'moved', move)
    await subscriptions.waitFor(position)
    await append(store, new Renamed({ name: 'x' }))
    await until('the one after it came', () => names.length === 1)
  })

  it.each<[string, SubscriptionDefinition]>([
    ['event handler', recorder({ consistency: 'strong' }).definition],
    ['concurrent one', recorder({ consistency: 'strong', concurrency: 4 }).definition],
    ['projection', projection({ name: 'recorder', consistency: 'strong', on: [on(Deposited, () => {})] })],
  ])('may be nothing in the end: the checkpoint of an %s moves past it', async (_, definition) => {
    const { store, subscriptions } = await start([definition])
    const position = await appendOld(store, 'paid-in', { account: 'a', amounts: [] })
    await subscriptions.waitFor(position)
    await until('it is stored', async () => (await checkpointOf(store, definition.name)) === position)
  })

  it('is handled again from its first part, where a later one has failed', async () => {
    const seen: string[] = []
    const handle =
      (isBroken: boolean) =>
      (_: Deposited, { event }: HandlerContext) => {
        seen.push(shown(event))
        if (isBroken && event.part === 1) throw new Error('no')
      }
    const broken = eventHandler({ name: 'one', onError: stopAtOnce, on: [on(Deposited, handle(true))] })
    const first = await start([broken])
    await append(first.store, deposited(1))
    await appendOld(first.store, 'paid-in', { account: 'a', amounts: [1, 2, 3] })
    await until('it has stopped', () => first.subscriptions.status()[0]!.state === 'stopped')
    expect(await checkpointOf(first.store, 'one')).toBe(1)
    await first.subscriptions.stop()
    await start([eventHandler({ name: 'one', on: [on(Deposited, handle(false))] })])
    await until('all came', () => seen.length === 6)
    expect(seen).toEqual(['deposited 1/0', 'deposited 2/0', 'deposited 2/1', 'deposited 2/0', 'deposited 2/1', 'deposited 2/2'])
  })

  it.each([
    ['one by one', {}],
    ['side by side', { concurrency: 3 }],
  ])(
    'is put aside part by part where it is handled %s: each waits behind the one before, and is tried again as what it is',
    async (_, options) => {
      let isBroken = true
      const handled: string[] = []
      const parking = eventHandler({
        name: 'parking',
        onError: parkAtOnce,
        ...options,
        on: [
          on(Deposited, ({ amount }, { event }) => {
            if (isBroken && amount === 2) throw new Error('no')
            handled.push(`${amount} at ${event.position}/${event.part}`)
          }),
        ],
      })
      const { store, subscriptions } = await start([parking])
      await appendOld(store, 'paid-in', { account: 'a', amounts: [1, 2, 3] })
      const parked = subscriptions.parked('parking')
      const places = async () =>
        (await parked.list()).map(({ position, part, event }) => [position, part, (event!.data as Deposited).amount])
      await until('what failed and what waits behind it is parked', async () => (await parked.list()).length === 2)
      expect(await places()).toEqual([
        [1, 1, 2],
        [1, 2, 3],
      ])
      expect(handled).toEqual(['1 at 1/0'])
      isBroken = false
      await parked.edit({ sequence: 'account-a', position: 1, part: 2 }, { amount: 30 })
      await parked.retry('all', { wait: true })
      expect(handled).toEqual(['1 at 1/0', '2 at 1/1', '30 at 1/2'])
    },
  )

  it('is handled in the partitions of its parts: each part once', async () => {
    const seen: string[] = []
    const note = ({ account }: Deposited | Withdrawn, { event }: HandlerContext) => void seen.push(`${account} ${shown(event)}`)
    const partitioned = eventHandler({
      name: 'keyed',
      partitions: 4,
      partitionBy: 'account',
      on: [on(Deposited, note), on(Withdrawn, note)],
    })
    const { store } = await start([partitioned])
    const expected: string[] = []
    for (const [index, to] of ['b', 'c', 'd', 'e', 'f', 'g'].entries()) {
      await appendOld(store, 'moved', { from: 'a', to, amount: 1 })
      expected.push(`a withdrawn ${index + 1}/0`, `${to} deposited ${index + 1}/1`)
    }
    const checkpoints = async () => (await store.checkpoints.list('keyed')).map(({ checkpoint }) => checkpoint)
    await until('all partitions are through', async () => (await checkpoints()).join() === '6,6,6,6')
    expect(seen.sort()).toEqual(expected.sort())
  })

  it('is handled to its last part when the subscription is stopped in between; then nothing comes again', async () => {
    const seen: string[] = []
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = eventHandler({
      name: 'slow',
      on: [
        on(Deposited, async (_, { event }) => {
          seen.push(shown(event))
          await held
        }),
      ],
    })
    const { store, subscriptions } = await start([slow])
    const position = await appendOld(store, 'paid-in', { account: 'a', amounts: [1, 2] })
    await append(store, deposited(3))
    await until('the first part is at work', () => seen.length === 1)
    const stopped = subscriptions.stop()
    release()
    await stopped
    expect(seen).toEqual(['deposited 1/0', 'deposited 1/1'])
    expect(await checkpointOf(store, 'slow')).toBe(position)
  })

  it('is finished when all of its parts are, also where they are handled side by side', async () => {
    const atWork = new Map<string, () => void>()
    const handle = (_: unknown, { event }: HandlerContext) =>
      new Promise<void>((resolve) => void atWork.set(shown(event), resolve))
    const definition = eventHandler({
      name: 'concurrent',
      consistency: 'strong',
      concurrency: 4,
      partitionBy: 'account',
      on: [on(Deposited, handle), on(Withdrawn, handle)],
    })
    const first = await start([definition])
    const position = await appendOld(first.store, 'moved', move)
    await until('both parts are at work', () => atWork.size === 2)
    atWork.get('withdrawn 1/0')!()
    await expect(first.subscriptions.waitFor(position, 'strong', { timeout: 50 })).rejects.toMatchObject({
      code: 'committed-not-yet-visible',
    })
    expect(await checkpointOf(first.store, 'concurrent')).toBe(0)
    atWork.get('deposited 1/1')!()
    await first.subscriptions.waitFor(position)
    await until('the checkpoint is stored', async () => (await checkpointOf(first.store, 'concurrent')) === position)
  })

  it('is waited for, also where another process handles it', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const definition = eventHandler({ name: 'held', consistency: 'strong', on: [on(Withdrawn, () => held)] })
    const here = await start([definition])
    await until('it runs here', () => here.subscriptions.status()[0]!.state === 'running')
    const elsewhere = await start([definition])
    const position = await appendOld(here.store, 'moved', move)
    await expect(elsewhere.subscriptions.waitFor(position, 'strong', { timeout: 100 })).rejects.toMatchObject({
      code: 'committed-not-yet-visible',
    })
    release()
    await elsewhere.subscriptions.waitFor(position)
  })
})

describe('a projection of what an older event is today', () => {
  const ledger = (handle: (event: Deposited, context: HandlerContext & TestTransaction) => void, onError = stopAtOnce) =>
    projection<TestTransaction>({ name: 'ledger', onError, on: [on(Deposited, handle)] })
  const payment = { account: 'a', amounts: [1, 2, 3] }

  it('writes all parts and the checkpoint in one transaction', async () => {
    const opened = await open([ledger(({ amount }, { write, event }) => write(`${amount} ${event.part}`))])
    await appendOld(opened.store, 'paid-in', payment)
    await opened.subscriptions.start()
    await until('all were handled', () => opened.written.length === 3)
    expect(opened.written).toEqual(['1 0', '2 1', '3 2'])
    expect(opened.calls.advanceWith).toBe(1)
  })

  it('writes none of the parts where one fails', async () => {
    const opened = await open([
      ledger(({ amount }, { write }) => {
        write(`${amount}`)
        if (amount === 2) throw new Error('no')
      }),
    ])
    await append(opened.store, deposited(9))
    await appendOld(opened.store, 'paid-in', payment)
    await opened.subscriptions.start()
    await until('it has stopped', () => opened.subscriptions.status()[0]!.state === 'stopped')
    expect(opened.written).toEqual(['9'])
    expect(await checkpointOf(opened.store, 'ledger@1')).toBe(1)
  })

  it('asks its error policy about the part that failed, and passes over that one alone', async () => {
    const asked: string[] = []
    const opened = await open([
      ledger(
        ({ amount }, { write }) => {
          write(`${amount}`)
          if (amount !== 2) return
          throw new Error('no')
        },
        ({ event }) => {
          asked.push(shown(event))
          return 'skip'
        },
      ),
    ])
    await appendOld(opened.store, 'paid-in', payment)
    await append(opened.store, deposited(9))
    await opened.subscriptions.start()
    await until('all were handled', () => opened.written.length === 3)
    expect(opened.written).toEqual(['1', '3', '9'])
    expect(asked).toEqual(['deposited 1/1'])
    expect(opened.subscriptions.status()).toMatchObject([{ skipped: 1 }])
  })

  it('passes over all of its parts, one after the other', async () => {
    const opened = await open([
      ledger(({ amount }, { write }) => {
        if (amount < 9) throw new Error('no')
        write(`${amount}`)
      }, skipAtOnce),
    ])
    await appendOld(opened.store, 'paid-in', payment)
    await append(opened.store, deposited(9))
    await opened.subscriptions.start()
    await until('the next one was handled', () => opened.written.length === 1)
    expect(opened.subscriptions.status()).toMatchObject([{ skipped: 3 }])
  })
})
