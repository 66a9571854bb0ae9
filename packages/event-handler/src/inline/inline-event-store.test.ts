import { DomainError, type EventStore, newEvent, systemRuntime, WritError } from '@writ/event-store'
import { type InMemoryTransaction, inMemoryEventStore } from '@writ/event-store-memory'
import { bankEvents, Deposited, deposited, Withdrawn, withdrawn } from '../../test/bank-events.js'
import { appendOld, oldAndNewEvents } from '../../test/old-events.js'
import { type InlineContext, InlineProjection, inlineEventStore, inlineProjection, inlineProjectionOf, On, on } from '../index.js'

type Context = InlineContext<InMemoryTransaction>

/** What accounts hold; what is not committed is taken back. */
class Holdings {
  readonly rows = new Map<string, number>()
  /** Each event that came to a handler, whatever became of it. */
  readonly seen: string[] = []

  change(account: string, amount: number, { onRollback, event }: Context) {
    const before = this.rows.get(account) ?? 0
    if (before + amount < 0) throw new DomainError('not-enough', 'There is not enough.', { account })
    if (amount === 13) throw new Error('unlucky')
    this.seen.push(`${event.type} ${event.version}`)
    this.rows.set(account, before + amount)
    onRollback(() => this.rows.set(account, before))
  }
}

@InlineProjection({ name: 'holdings' })
class HoldingsProjection {
  constructor(private readonly holdings: Holdings) {}

  @On(Deposited)
  deposited({ account, amount }: Deposited, context: Context) {
    this.holdings.change(account, amount, context)
  }

  @On(Withdrawn)
  async withdrawn({ account, amount }: Withdrawn, context: Context) {
    this.holdings.change(account, -amount, context)
  }
}

const asClass = (holdings: Holdings) => inlineProjectionOf(HoldingsProjection, () => new HoldingsProjection(holdings))
const asValue = (holdings: Holdings) =>
  inlineProjection<InMemoryTransaction>({
    name: 'holdings',
    on: [
      on(Deposited, ({ account, amount }, context: Context) => holdings.change(account, amount, context)),
      on(Withdrawn, ({ account, amount }, context: Context) => holdings.change(account, -amount, context)),
    ],
  })

const event = (message: Deposited | Withdrawn) => newEvent(message, systemRuntime.uuid())

describe.each([
  ['a class', asClass],
  ['a value', asValue],
])('an inline projection as %s', (_, define) => {
  let inner: EventStore<InMemoryTransaction>
  let store: EventStore<InMemoryTransaction>
  let holdings: Holdings
  beforeEach(async () => {
    holdings = new Holdings()
    inner = inMemoryEventStore()
    store = inlineEventStore(inner, { projections: [define(holdings)], events: bankEvents, runtime: systemRuntime })
    await store.start()
  })
  afterEach(() => store.stop())

  const deposit = (amount: number, expectedVersion?: number) =>
    store.append({
      stream: 'account-a',
      events: [event(deposited(amount))],
      ...(expectedVersion !== undefined && { expectedVersion }),
    })
  const state = async () => [Object.fromEntries(holdings.rows), (await inner.head()).position]

  it('has the rows when the append is acknowledged, and knows the version beforehand', async () => {
    expect(await deposit(5, 0)).toEqual({ version: 1, position: 1 })
    await store.append({ stream: 'account-a', events: [event(deposited(1)), event(withdrawn(2))], expectedVersion: 1 })
    await deposit(1)
    expect(await state()).toEqual([{ a: 5 }, 4])
    expect(holdings.seen).toEqual(['deposited 1', 'deposited 2', 'withdrawn 3', 'deposited undefined'])
  })

  it('is handed what an event of an older shape is today, all parts of it', async () => {
    const projections = [define(holdings)]
    const today = inlineEventStore(inner, { projections, events: oldAndNewEvents, runtime: systemRuntime })
    await appendOld(today, 'paid-in', { account: 'a', amounts: [5, 6] })
    await appendOld(today, 'moved', { from: 'a', to: 'b', amount: 4 })
    expect(await state()).toEqual([{ a: 7, b: 4 }, 2])
  })

  it('refuses the append with the error that its handler throws for the domain, and nothing is written', async () => {
    await deposit(5, 0)
    const events = [event(deposited(1)), event(withdrawn(9))]
    await expect(store.append({ stream: 'account-a', events, expectedVersion: 1 })).rejects.toMatchObject({ code: 'not-enough' })
    expect(await state()).toEqual([{ a: 5 }, 1])
  })

  it('refuses the append with a typed error when its handler fails', async () => {
    const failing = store.append({ stream: 'account-a', events: [event(deposited(1)), event(deposited(13))], expectedVersion: 0 })
    await expect(failing).rejects.toMatchObject({
      code: 'inline-projection-failed',
      projection: 'holdings',
      event: 'deposited',
      stream: 'account-a',
      cause: expect.objectContaining({ message: 'unlucky' }),
      message: expect.stringContaining(': unlucky. The append was refused'),
    })
    await expect(failing).rejects.toBeInstanceOf(WritError)
    expect(await state()).toEqual([{ a: 0 }, 0])
  })

  it('is undone where the store refuses the append', async () => {
    await deposit(5, 0)
    await expect(deposit(7, 0)).rejects.toMatchObject({ code: 'wrong-expected-version', actualVersion: 1 })
    expect(await state()).toEqual([{ a: 5 }, 1])
  })

  it('stands back for a conflict that made its handler fail', async () => {
    await deposit(5, 0)
    await expect(store.append({ stream: 'account-a', events: [event(withdrawn(9))], expectedVersion: 0 })).rejects.toMatchObject({
      code: 'wrong-expected-version',
      actualVersion: 1,
    })
    await expect(deposit(13, 0)).rejects.toMatchObject({ code: 'wrong-expected-version' })
    const condition = { failIfMatch: { items: [{ types: ['deposited'] }] } }
    await expect(store.append({ stream: 'account-b', events: [event(deposited(13, 'b'))], condition })).rejects.toMatchObject({
      code: 'append-condition-failed',
    })
  })

  it('counts a repetition once, also where its handler could not do it again', async () => {
    await deposit(5, 0)
    const again = { stream: 'account-a', events: [event(withdrawn(4))], expectedVersion: 1 }
    const first = await store.append(again)
    expect(await store.append(again)).toEqual(first)
    const harmless = { stream: 'account-a', events: [event(deposited(1))], expectedVersion: 2 }
    const second = await store.append(harmless)
    expect(await store.append(harmless)).toEqual(second)
    expect(await state()).toEqual([{ a: 2 }, 3])
  })

  it('answers a command that has a receipt by it', async () => {
    const receipts = [{ commandId: 'c', eventsUpTo: 1, body: '{}' }]
    await store.append({ stream: 'account-a', events: [event(deposited(5))], receipts })
    await expect(store.append({ stream: 'account-a', events: [event(withdrawn(9))], receipts })).rejects.toMatchObject({
      code: 'command-already-handled',
      receipt: { commandId: 'c' },
    })
    expect(await state()).toEqual([{ a: 5 }, 1])
  })

  it('handles what goes to several streams together, or none of it', async () => {
    const appends = (amount: number) => [
      { stream: 'account-a', events: [event(deposited(amount))] },
      { stream: 'account-b', events: [event(deposited(amount, 'b'))] },
    ]
    expect(await store.appendAll(appends(5))).toEqual([
      { version: 1, position: 1 },
      { version: 1, position: 2 },
    ])
    const wrong = [...appends(1), { stream: 'account-c', events: [event(withdrawn(1, 'c'))] }]
    await expect(store.appendAll(wrong)).rejects.toMatchObject({ code: 'not-enough', facts: { account: 'c' } })
    await expect(store.appendAll([...appends(1), ...appends(1)])).rejects.toMatchObject({ code: 'invalid-append' })
    expect(await state()).toEqual([{ a: 5, b: 5 }, 2])
  })

  it('handles what a transaction appends, after its work', async () => {
    const { result, appended } = await store.transaction(async ({ append }) => {
      append({ stream: 'account-a', events: [event(deposited(5))], expectedVersion: 'no-stream' })
      append({ stream: 'account-a', events: [event(withdrawn(2))] })
      return holdings.rows.size
    })
    expect([result, appended]).toEqual([
      0,
      [
        { version: 1, position: 1 },
        { version: 2, position: 2 },
      ],
    ])
    expect([await state(), holdings.seen]).toEqual([
      [{ a: 3 }, 2],
      ['deposited 1', 'withdrawn 2'],
    ])
    const refused = store.transaction(async ({ append }) => append({ stream: 'account-a', events: [event(withdrawn(9))] }))
    await expect(refused).rejects.toMatchObject({ code: 'not-enough' })
    const failing = store.transaction(async () => Promise.reject(new Error('own')))
    await expect(failing).rejects.toThrow('own')
    expect(await state()).toEqual([{ a: 3 }, 2])
  })

  it('leaves appends that do not concern it on their fast way', async () => {
    let transactions = 0
    const { transaction } = inner
    inner.transaction = (work) => {
      transactions++
      return transaction.call(inner, work) as never
    }
    await store.append({ stream: 'other-1', events: [{ ...event(deposited(1)), type: 'renamed', data: '{"name":"n"}' }] })
    expect(transactions).toBe(0)
    await deposit(1)
    expect(transactions).toBe(1)
  })
})

describe('several inline projections', () => {
  it('handle each event in the order in which they are listed, and stand or fall together', async () => {
    const seen: string[] = []
    const named = (name: string) =>
      inlineProjection({
        name,
        on: [
          on(Deposited, ({ amount }, { projection }: InlineContext) => {
            seen.push(`${projection} ${amount}`)
            if (name === 'second' && amount === 2) throw new Error('no')
          }),
        ],
      })
    const inner = inMemoryEventStore()
    const store = inlineEventStore(inner, {
      projections: [named('first'), named('second')],
      events: bankEvents,
      runtime: systemRuntime,
    })
    await store.start()
    const append = store.append({ stream: 'account-a', events: [1, 2, 3].map((amount) => event(deposited(amount))) })
    await expect(append).rejects.toMatchObject({ code: 'inline-projection-failed', projection: 'second' })
    expect(seen).toEqual(['first 1', 'second 1', 'first 2', 'second 2'])
    expect((await inner.head()).position).toBe(0)
    await store.stop()
  })

  it('make their tables at the start, and try again where two processes make them at once', async () => {
    let calls = 0
    const setUp = () => {
      if (++calls < 3) throw new Error('another one is at it')
    }
    const store = inlineEventStore(inMemoryEventStore(), {
      projections: [inlineProjection({ name: 'tables', setUp, on: [on(Deposited, () => {})] })],
      events: bankEvents,
      runtime: systemRuntime,
    })
    await store.start()
    expect(calls).toBe(3)
    await store.stop()
  })
})

describe('the definition of an inline projection', () => {
  it('refuses what it has no use for', () => {
    const handlers = [on(Deposited, () => {})]
    expect(() => inlineProjection({ name: 'a b', on: handlers })).toThrow(
      expect.objectContaining({ code: 'invalid-subscription' }),
    )
    expect(() => inlineProjection({ name: 'a', on: [] })).toThrow(expect.objectContaining({ code: 'invalid-subscription' }))
    expect(() => inlineProjection({ name: 'a', version: 2, on: handlers } as never)).toThrow(
      expect.objectContaining({ code: 'invalid-subscription', why: expect.stringContaining("no option 'version'") }),
    )
    expect(() => inlineProjection({ name: 'a', on: [...handlers, ...handlers] })).toThrow(
      expect.objectContaining({ code: 'duplicate-handler' }),
    )
    class Undecorated {}
    expect(() => inlineProjectionOf(Undecorated, () => ({}))).toThrow(
      expect.objectContaining({ code: 'not-decorated', decorator: '@InlineProjection' }),
    )
  })
})
