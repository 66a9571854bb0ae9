import type { EventStore, NewParkedEvent, ParkedEventName, UnknownParkedEventError } from '@writ/event-store'
import type { Area } from '../area.js'
import { viewOf } from '../heartbeats.js'
import { checkpointOf, held, LONG, registered, takeover } from '../leases.js'
import { rejectsWith } from '../rejects-with.js'
import { until } from '../until.js'

/** What a subscription has put aside, so that it can go on: nothing of it is lost or comes in another order. */
export const parkedEvents: Area = (scenario) => {
  const kept: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'checkpoints', ...needs)

  kept('parks events together with the checkpoint, and tells all about them', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const failure = {
      attempts: [
        {
          error: { name: 'Error', code: 'no-rate', message: 'No rate for "EUR"\u0000 \ud800\n💶' },
          at: '2026-01-02T03:04:05.678Z',
        },
        { error: { message: 'again' }, at: '2026-01-02T03:04:06.000Z' },
      ],
    }
    const failed = parked({ sequence: `it's "1" \\ 💶`, position: 4, part: 1, failure, retryIn: LONG })
    await store.checkpoints.advance(await held(store, subscription), 5, { park: [parked({ position: 5 }), failed] })
    await expect(checkpointOf(store, subscription)).resolves.toBe(5)
    const [first, second] = await store.parked.list(subscription)
    expect(first).toEqual({
      ...failed,
      subscription,
      parkedAt: expect.any(Date),
      retryIn: expect.any(Number),
      decision: undefined,
      edited: undefined,
    })
    expect(first!.retryIn).toBeGreaterThan(LONG / 2)
    expect(first!.retryIn).toBeLessThanOrEqual(LONG)
    expect(second).toMatchObject({ position: 5, failure: undefined, retryIn: undefined })
    expect(await store.parked.list(unique('subscription'))).toEqual([])
  })

  kept('takes parked events out together with the checkpoint', async ({ store, unique }) => {
    const { subscription, advance } = await withParked(store, unique, [parked({ position: 1 }), parked({ position: 2 })])
    const missing = parked({ position: 9 })
    await advance({ unpark: [parked({ position: 1 }), missing], park: [parked({ position: 3 })] })
    expect(await positions(store, subscription)).toEqual([2, 3])
  })

  kept('parks and takes out nothing where the checkpoint may not move', async ({ store, unique }) => {
    const { subscription, zombie, successor } = await takeover(store, unique)
    await store.checkpoints.advance(successor, 5, { park: [parked({ position: 1 })] })
    const changes = { park: [parked({ position: 2 })], unpark: [parked({ position: 1 })] }
    await rejectsWith('lease-lost', () => store.checkpoints.advance(zombie, 6, changes))
    await rejectsWith('checkpoint-behind', () => store.checkpoints.advance(successor, 4, changes))
    expect(await positions(store, subscription)).toEqual([1])
    await store.checkpoints.advance(successor, 5, changes)
    expect(await positions(store, subscription)).toEqual([2])
  })

  kept('tells which sequences have parked events', async ({ store, unique }) => {
    const events = [parked({ position: 1 }), parked({ position: 2 }), parked({ sequence: 'b', position: 3 })]
    const { subscription, advance } = await withParked(store, unique, events)
    expect([...(await store.parked.sequences(subscription))].sort()).toEqual(['a', 'b'])
    await advance({ unpark: events.slice(0, 2) })
    expect(await store.parked.sequences(subscription)).toEqual(['b'])
    expect(await store.parked.sequences(unique('subscription'))).toEqual([])
  })

  kept(
    'lists them by position and part, of one sequence too, in pages that cut no position in two',
    async ({ store, unique }) => {
      const { subscription } = await withParked(store, unique, [
        parked({ position: 3, part: 1 }),
        parked({ sequence: 'b', position: 3, part: 0 }),
        parked({ position: 2 }),
        parked({ sequence: 'b', position: 7 }),
      ])
      const listed = async (...options: Parameters<EventStore['parked']['list']> extends [string, ...infer O] ? O : never) =>
        (await store.parked.list(subscription, ...options)).map(({ sequence, position, part }) => [sequence, position, part])
      const all = [
        ['a', 2, 0],
        ['b', 3, 0],
        ['a', 3, 1],
        ['b', 7, 0],
      ]
      expect(await listed()).toEqual(all)
      expect(await listed({ sequence: 'a' })).toEqual([all[0], all[2]])
      expect(await listed({ limit: 2 })).toEqual(all.slice(0, 3))
      expect(await listed({ limit: 1 })).toEqual(all.slice(0, 1))
      expect(await listed({ after: 2, limit: 1 })).toEqual(all.slice(1, 3))
      expect(await listed({ after: 3 })).toEqual(all.slice(3))
    },
  )

  kept(
    'gives an event that is parked again its new failure and retry time, and keeps the edited data',
    async ({ store, unique }) => {
      const event = parked({ position: 1, failure: failed(1), retryIn: 0 })
      const { subscription, advance } = await withParked(store, unique, [event])
      const [before] = await store.parked.list(subscription)
      await store.parked.edit(subscription, event, '{ "amount": 2 }')
      await store.parked.decide(subscription, 'retry')
      await advance({ park: [{ ...event, failure: failed(2), retryIn: undefined }] })
      expect(await store.parked.list(subscription)).toEqual([
        {
          ...before,
          failure: failed(2),
          retryIn: undefined,
          decision: undefined,
          edited: '{ "amount": 2 }',
        },
      ])
    },
  )

  kept(
    'keeps the decision to discard an event that is parked again: it came while the event was tried',
    async ({ store, unique }) => {
      const event = parked({ position: 1, failure: failed(1) })
      const { subscription, advance } = await withParked(store, unique, [event])
      await store.parked.decide(subscription, 'discard')
      await advance({ park: [{ ...event, failure: failed(2) }] })
      expect(await store.parked.due(subscription)).toMatchObject([{ position: 1, failure: failed(2), decision: 'discard' }])
    },
  )

  kept('notes an edit of an event in all of its sequences, and of no other event', async ({ store, unique }) => {
    const inBoth = [parked({ position: 1, sequence: 'a' }), parked({ position: 1, sequence: 'b' })]
    const others = [parked({ position: 1, part: 1, sequence: 'a' }), parked({ position: 2, sequence: 'a' })]
    const { subscription } = await withParked(store, unique, [...inBoth, ...others])
    const other = await withParked(store, unique, inBoth)
    const edits = async (of: string) => (await store.parked.list(of)).map(({ edited }) => edited)
    await store.parked.edit(subscription, inBoth[1]!, '{"amount":2}')
    expect(await edits(subscription)).toEqual(['{"amount":2}', '{"amount":2}', undefined, undefined])
    expect(await edits(other.subscription)).toEqual([undefined, undefined])
    await rejectsWith('unknown-parked-event', () => store.parked.edit(subscription, parked({ position: 2, sequence: 'b' }), '{}'))
    expect(await edits(subscription)).toEqual(['{"amount":2}', '{"amount":2}', undefined, undefined])
    await store.parked.edit(subscription, inBoth[0]!, undefined)
    expect(await edits(subscription)).toEqual([undefined, undefined, undefined, undefined])
  })

  kept('takes the edited data as they are, and back', async ({ store, unique }) => {
    const event = parked({ position: 1 })
    const { subscription } = await withParked(store, unique, [event])
    const edited = async () => (await store.parked.list(subscription))[0]!.edited
    await store.parked.edit(subscription, event, '{ "amount": 1.50,  "to": "💶" }')
    expect(await edited()).toBe('{ "amount": 1.50,  "to": "💶" }')
    await store.parked.edit(subscription, event, undefined)
    expect(await edited()).toBeUndefined()
  })

  kept('refuses to edit an event that is not parked', async ({ store, unique }) => {
    const { subscription } = await withParked(store, unique, [parked({ position: 1 })])
    for (const other of [parked({ position: 2 }), parked({ position: 1, part: 1 }), parked({ sequence: 'b', position: 1 })]) {
      const attempt = () => store.parked.edit(subscription, other, '{}')
      const { sequence, position, part } = other
      expect(await rejectsWith<UnknownParkedEventError>('unknown-parked-event', attempt)).toMatchObject({
        subscription,
        sequence,
        position,
        part,
      })
    }
  })

  kept('holds back what failed until its time has come, and what stands behind it', async ({ store, unique }) => {
    const { subscription } = await withParked(store, unique, [
      parked({ position: 1, failure: failed(1), retryIn: LONG }),
      parked({ position: 2 }),
      parked({ sequence: 'b', position: 3, failure: failed(1) }),
      parked({ sequence: 'c', position: 4, failure: failed(1), retryIn: 0 }),
      parked({ sequence: 'c', position: 5 }),
    ])
    expect(await due(store, subscription)).toEqual([4, 5])
    expect(await due(store, subscription, { after: 4 })).toEqual([5])
    expect(await due(store, subscription, { limit: 1 })).toEqual([4])
  })

  kept('lets an event through when its time has come', async ({ store, unique }) => {
    const { subscription } = await withParked(store, unique, [parked({ position: 1, failure: failed(1), retryIn: 50 })])
    expect(await until('it is due', async () => (await due(store, subscription))[0])).toBe(1)
  })

  kept('lets an event through that waited behind another, once that one is gone', async ({ store, unique }) => {
    const events = [parked({ position: 1, failure: failed(1) }), parked({ position: 2 })]
    const { subscription, advance } = await withParked(store, unique, events)
    expect(await due(store, subscription)).toEqual([])
    expect((await viewOf(store, subscription, 'me'))?.parked).toBe(2)
    await advance({ unpark: events.slice(0, 1) })
    expect(await due(store, subscription)).toEqual([2])
    expect((await viewOf(store, subscription, 'me'))?.parked).toBe(1)
  })

  kept(
    'tells of woken sequences alone where it is asked to: those with a time that has come, or a decision',
    async ({ store, unique }) => {
      const { subscription, advance } = await withParked(store, unique, [
        parked({ position: 1, failure: failed(1), retryIn: LONG }),
        parked({ sequence: 'b', position: 2, failure: failed(1) }),
        parked({ sequence: 'b', position: 3 }),
        parked({ sequence: 'c', position: 4 }),
        parked({ position: 5 }),
      ])
      const woken = (options?: { after?: number; limit?: number }) => due(store, subscription, { ...options, woken: true })
      expect([await due(store, subscription), await woken()]).toEqual([[4], []])
      await store.parked.decide(subscription, 'retry', { sequence: 'b', position: 2 })
      expect([await due(store, subscription), await woken()]).toEqual([
        [2, 3, 4],
        [2, 3],
      ])
      expect([await woken({ after: 2 }), await woken({ limit: 1 })]).toEqual([[3], [2]])
      await advance({
        park: [
          parked({ position: 1, failure: failed(2), retryIn: 0 }),
          parked({ sequence: 'b', position: 2, failure: failed(2) }),
        ],
      })
      expect([await due(store, subscription), await woken()]).toEqual([
        [1, 4, 5],
        [1, 5],
      ])
      await store.parked.decide(subscription, 'discard', { position: 3 })
      expect(await woken()).toEqual([1, 3, 5])
      // What only stood behind it waits for nothing any more, and no time or decision tells of it.
      await advance({ unpark: [parked({ position: 1 }), parked({ sequence: 'b', position: 3 })] })
      expect([await due(store, subscription), await woken()]).toEqual([[4, 5], []])
    },
  )

  kept('lets a whole sequence through that someone decided to retry, in its order', async ({ store, unique }) => {
    const { subscription } = await withParked(store, unique, [
      parked({ position: 1, failure: failed(1) }),
      parked({ sequence: 'b', position: 2, failure: failed(1) }),
      parked({ position: 3, failure: failed(1) }),
      parked({ position: 4 }),
    ])
    await expect(store.parked.decide(subscription, 'retry', { sequence: 'a' })).resolves.toBe(3)
    expect(await due(store, subscription)).toEqual([1, 3, 4])
    expect(await store.parked.due(subscription)).toMatchObject([{ decision: 'retry' }, { decision: 'retry' }, {}])
  })

  kept('does not let an event overtake those before it, whatever was decided on it', async ({ store, unique }) => {
    const { subscription } = await withParked(store, unique, [
      parked({ position: 1, failure: failed(1) }),
      parked({ position: 2, failure: failed(1), retryIn: 0 }),
    ])
    await expect(store.parked.decide(subscription, 'retry', { sequence: 'a', position: 2, part: 0 })).resolves.toBe(1)
    expect(await due(store, subscription)).toEqual([])
    await store.parked.decide(subscription, 'retry', { position: 1 })
    expect(await due(store, subscription)).toEqual([1, 2])
  })

  kept('tells of what is to be discarded, wherever it stands, and takes the last decision', async ({ store, unique }) => {
    const { subscription } = await withParked(store, unique, [
      parked({ position: 1, failure: failed(1) }),
      parked({ position: 2 }),
    ])
    await store.parked.decide(subscription, 'discard', { position: 2 })
    expect(await store.parked.due(subscription)).toMatchObject([{ position: 2, decision: 'discard' }])
    await store.parked.decide(subscription, 'retry', { position: 2 })
    expect(await due(store, subscription)).toEqual([])
  })

  kept('decides on all events, or on those that fit, and tells how many', async ({ store, unique }) => {
    const { subscription } = await withParked(store, unique, [
      parked({ position: 1 }),
      parked({ position: 1, part: 1 }),
      parked({ sequence: 'b', position: 2 }),
    ])
    await expect(store.parked.decide(subscription, 'discard', { position: 1 })).resolves.toBe(2)
    await expect(store.parked.decide(subscription, 'discard', { sequence: 'a', part: 1 })).resolves.toBe(1)
    await expect(store.parked.decide(subscription, 'discard', { sequence: 'none' })).resolves.toBe(0)
    await expect(store.parked.decide(subscription, 'discard')).resolves.toBe(3)
    await expect(store.parked.decide(unique('subscription'), 'discard')).resolves.toBe(0)
  })

  kept('parks 1,000 events at once', async ({ store, unique }) => {
    const events = Array.from({ length: 1_000 }, (_, index) => parked({ sequence: `s-${index % 10}`, position: index + 1 }))
    const { subscription, advance } = await withParked(store, unique, events)
    expect((await viewOf(store, subscription, 'me'))?.parked).toBe(1_000)
    expect(await store.parked.due(subscription, { limit: 1_000 })).toHaveLength(1_000)
    await advance({ unpark: events })
    expect((await viewOf(store, subscription, 'me'))?.parked).toBe(0)
  })

  kept(
    'counts what is parked as it changes, with each heartbeat and of each subscription, and ceases to count at 10,000',
    async (world) => {
      const { store, unique } = world
      const pageOf = (page: number) =>
        Array.from({ length: 1_000 }, (_, index) => parked({ sequence: `s-${index % 3}`, position: page * 1_000 + index + 1 }))
      const { subscription, advance } = await withParked(store, unique, pageOf(0))
      await withParked(store, unique, pageOf(0))
      const count = async () => (await viewOf(store, subscription, 'me'))?.parked
      // Once more the same is not more.
      await advance({ park: pageOf(0) })
      expect(await count()).toBe(1_000)
      for (let page = 1; page < 10; page++) await advance({ park: pageOf(page) })
      expect(await count()).toBe(10_000)
      await advance({ park: pageOf(10) })
      expect(await count()).toBe(10_000)
      await advance({ unpark: pageOf(10) })
      await advance({ unpark: pageOf(4) })
      expect(await count()).toBe(9_000)
      await store.checkpoints.reset(subscription, 0)
      expect(await count()).toBe(0)
    },
  )

  kept(
    'keeps what is parked for whoever takes the lease over, in another process too',
    async ({ store, neighbour, unique }) => {
      const other = await neighbour()
      const { subscription, lease } = await withParked(store, unique, [parked({ position: 1, failure: failed(1) })])
      await store.checkpoints.release(lease)
      const next = await held(other, subscription, 'successor')
      expect(await other.parked.sequences(subscription)).toEqual(['a'])
      await store.parked.decide(subscription, 'retry')
      expect(await due(other, subscription)).toEqual([1])
      await other.checkpoints.advance(next, 20, { unpark: [parked({ position: 1 })] })
      expect(await store.parked.list(subscription)).toEqual([])
    },
    'several processes',
  )

  const transactional: typeof scenario = (sentence, run, ...needs) => kept(sentence, run, 'checkpoint transactions', ...needs)

  transactional('parks and takes out in the transaction of an effect', async ({ store, unique }) => {
    const { subscription, lease } = await withParked(store, unique, [parked({ position: 1 })])
    const changes = { park: [parked({ position: 2 })], unpark: [parked({ position: 1 })] }
    const failure = new Error('The read model said no')
    await expect(store.checkpoints.advanceWith(lease, 11, () => Promise.reject(failure), changes)).rejects.toBe(failure)
    expect(await positions(store, subscription)).toEqual([1])
    await store.checkpoints.advanceWith(lease, 11, async () => {}, changes)
    expect(await positions(store, subscription)).toEqual([2])
    await expect(checkpointOf(store, subscription)).resolves.toBe(11)
  })

  transactional('parks nothing through a lost lease, behind an effect either', async ({ store, unique }) => {
    const { subscription, zombie } = await takeover(store, unique)
    const changes = { park: [parked({ position: 2 })] }
    await rejectsWith('lease-lost', () => store.checkpoints.advanceWith(zombie, 11, async () => {}, changes))
    expect(await positions(store, subscription)).toEqual([])
  })
}

const failed = (attempts: number) => ({
  attempts: Array.from({ length: attempts }, (_, index) => ({
    error: { message: `no ${index}` },
    at: '2026-01-02T03:04:05.678Z',
  })),
})

/** Of the sequence 'a', unless it is said otherwise. */
function parked(given: Partial<NewParkedEvent> & { readonly position: number }): NewParkedEvent {
  return { sequence: 'a', part: 0, type: 'money-deposited', stream: 'account-1', ...given }
}

/** A subscription that has put events aside, at position 10. */
async function withParked(store: EventStore, unique: (prefix: string) => string, park: readonly NewParkedEvent[]) {
  const subscription = await registered(store, unique)
  const lease = await held(store, subscription)
  await store.checkpoints.advance(lease, 10, { park })
  const advance = (changes: { park?: readonly NewParkedEvent[]; unpark?: readonly ParkedEventName[] }) =>
    store.checkpoints.advance(lease, 10, changes)
  return { subscription, lease, advance }
}

const positions = async (store: EventStore, subscription: string) =>
  (await store.parked.list(subscription)).map(({ position }) => position)

const due = async (store: EventStore, subscription: string, options?: { after?: number; limit?: number; woken?: boolean }) =>
  (await store.parked.due(subscription, options)).map(({ position }) => position)
