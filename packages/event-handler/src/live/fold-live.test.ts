import { type EventStore, EventTypes, newEvent, systemRuntime } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { appendDeposits, bankEvents, Deposited, Renamed, Withdrawn } from '../../test/bank-events.js'
import { appendOld, oldAndNewEvents } from '../../test/old-events.js'
import { foldLive, type HandlerContext, LiveProjection, liveProjection, liveProjectionOf, On } from '../index.js'

@LiveProjection({ name: 'turnover', category: 'account' })
class Turnover {
  total = 0
  last = 0

  @On(Deposited)
  deposited({ amount }: Deposited, { event: { position } }: HandlerContext) {
    this.total += amount
    this.last = position
  }

  @On(Withdrawn)
  async withdrawn({ amount }: Withdrawn, { event: { position } }: HandlerContext) {
    this.total += amount
    this.last = position
  }
}

const turnover = liveProjection({
  name: 'turnover',
  category: 'account',
  events: [Deposited, Withdrawn],
  initialState: () => ({ total: 0, last: 0 }),
  evolve: {
    deposited: ({ total }, { amount }, { position }) => ({ total: total + amount, last: position }),
    withdrawn: ({ total }, { amount }, { position }) => ({ total: total + amount, last: position }),
  },
})

describe.each([
  ['a class', () => liveProjectionOf(Turnover)],
  ['a value', () => turnover],
])('a live projection as %s', (_, definition) => {
  let store: EventStore
  const append = (stream: string, event: Deposited | Withdrawn | Renamed, tags: readonly string[] = []) =>
    store.append({ stream, events: [{ ...newEvent(event, systemRuntime.uuid()), tags }] })
  const fold = async (options: { upTo?: number; tags?: readonly string[] } = {}) => {
    const { state, position } = await foldLive(definition(), { store, types: bankEvents, ...options })
    return [state.total, state.last, position]
  }

  beforeEach(async () => {
    store = inMemoryEventStore()
    await store.start()
    await append('account-a', new Deposited({ account: 'a', amount: 1 }), ['north'])
    await append('account-b', new Withdrawn({ account: 'b', amount: 2 }), ['south'])
    await append('person-b', new Deposited({ account: 'b', amount: 100 }))
    await append('account-a', new Deposited({ account: 'a', amount: 4 }), ['north', 'big'])
    await append('account-a', new Renamed({ name: 'a' }))
  })
  afterEach(() => store.stop())

  it('folds what concerns it, up to the head or to a position, and begins anew each time', async () => {
    expect(await fold()).toEqual([7, 4, 5])
    expect(await fold({ upTo: 2 })).toEqual([3, 2, 2])
    expect(await fold({ upTo: 0 })).toEqual([0, 0, 0])
    expect(await fold()).toEqual([7, 4, 5])
  })

  it('folds only what has the tags that were asked for', async () => {
    expect(await fold({ tags: ['north'] })).toEqual([5, 4, 5])
    expect(await fold({ tags: ['north', 'big'] })).toEqual([4, 4, 5])
  })

  it('keeps no more than its state and a page, however long the log is', async () => {
    await appendDeposits(store, 20_000)
    let pages = 0
    const { readAll } = store
    store.readAll = async function* (options) {
      for await (const page of readAll.call(store, options)) {
        pages++
        yield page
      }
    }
    const { state } = await foldLive(definition(), { store, types: bankEvents })
    expect(state.total).toBe(7 + 200_010_000)
    expect(pages).toBeGreaterThan(15)
  })
})

describe('a live projection', () => {
  it('sees old events as what they are today', async () => {
    const store = inMemoryEventStore()
    await store.start()
    await appendOld(store, 'moved', { from: 'a', to: 'b', amount: 3 })
    await appendOld(store, 'paid-in', { account: 'a', amounts: [4, 5] })
    await appendOld(store, 'noted', {})
    expect(await foldLive(turnover, { store, types: oldAndNewEvents })).toEqual({ state: { total: 15, last: 2 }, position: 3 })
    await store.stop()
  })

  it('refuses what it can not be folded from', async () => {
    const store = inMemoryEventStore()
    await store.start()
    const unknown = foldLive(turnover, { store, types: new EventTypes([Deposited]) })
    await expect(unknown).rejects.toMatchObject({ code: 'invalid-subscription', why: expect.stringContaining("'withdrawn'") })
    class Undecorated {}
    expect(() => liveProjectionOf(Undecorated)).toThrow(
      expect.objectContaining({ code: 'not-decorated', decorator: '@LiveProjection' }),
    )
    @LiveProjection({ name: 'wants' })
    class Wants {
      constructor(readonly something: object) {}
      @On(Deposited)
      deposited(_event: Deposited) {}
    }
    expect(() => liveProjectionOf(Wants)).toThrow(
      expect.objectContaining({ code: 'invalid-subscription', why: expect.stringContaining('branch') }),
    )
    const evolve = { deposited: (sum: number) => sum }
    const define = (options: object) => () =>
      liveProjection({ name: 'n', events: [Deposited], initialState: () => 0, evolve, ...options })
    expect(define({ evolve: {} })).toThrow(expect.objectContaining({ why: "its 'evolve' has no function 'deposited'" }))
    expect(define({ events: [] })).toThrow(expect.objectContaining({ code: 'invalid-subscription' }))
    expect(define({ events: [Deposited, Deposited] })).toThrow(expect.objectContaining({ code: 'duplicate-handler' }))
    expect(define({ evolve: { ...evolve, other: () => 0 } })).toThrow(expect.objectContaining({ code: 'invalid-subscription' }))
    expect(define({ name: 'a b' })).toThrow(expect.objectContaining({ code: 'invalid-subscription' }))
    expect(define({ categories: ['a'] })).toThrow(expect.objectContaining({ code: 'invalid-option' }))
    await store.stop()
  })
})
