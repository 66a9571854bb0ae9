import { hasCode, type LogRewoundError } from '@writ/event-store'
import type { Area, World } from '../area.js'
import { viewOf } from '../heartbeats.js'
import { held, registered } from '../leases.js'
import { rejectsWith } from '../rejects-with.js'
import { allOf, idsOf, logEvents, sample, samples, streamEvents } from '../sample-events.js'
import { until } from '../until.js'

/** A restored backup or a promoted standby gives positions out again: whoever went on as if nothing were would mix two histories. */
export const rewoundLogs: Area = (scenario) => {
  const rewound: typeof scenario = (sentence, run, ...needs) =>
    scenario(sentence, startingAnew(run), 'rewound logs', 'several processes', ...needs)

  rewound('refuse an append after one that is gone, and write nothing', async ({ another, hooks, unique }) => {
    const [store, later] = [await another(), await another()]
    const stream = unique('account')
    const { position } = await store.append({ stream, events: [sample()] })
    const lost = sample()
    const known = await store.append({ stream, events: [lost] })
    await hooks.rewind(position)
    const error = await noticed(() => store.append({ stream, events: [sample()], expectedVersion: 2 }))
    expect(error.lastKnown).toMatchObject({ position: known.position, eventId: lost.id })
    expect(error.found).toMatchObject({ head: position, incarnation: error.lastKnown.incarnation })
    expect(await streamEvents(later, stream)).toHaveLength(1)
  })

  rewound('are noticed also when others have appended at the lost positions', async ({ another, hooks, unique }) => {
    const store = await another()
    const stream = unique('account')
    const { position } = await store.append({ stream, events: [sample()] })
    const [lost, other] = [sample(), sample()]
    await store.append({ stream, events: [lost] })
    await hooks.rewind(position)
    const later = await another()
    await later.append({ stream, events: [other, sample()] })
    const error = await noticed(() => store.append({ stream, events: [sample()], expectedVersion: 2 }))
    expect(error.lastKnown.eventId).toBe(lost.id)
    // One that is told of it at once has looked before there were others.
    expect([other.id, undefined]).toContain(error.found.eventId)
    expect(await streamEvents(later, stream)).toHaveLength(3)
  })

  rewound('are noticed by whoever has only read what is gone', async ({ another, hooks, unique }) => {
    const [store, writer] = [await another(), await another()]
    const stream = unique('account')
    const { position } = await writer.append({ stream, events: [sample()] })
    await writer.append({ stream, events: samples(2) })
    expect(await logEvents(store, { after: position })).toHaveLength(2)
    await hooks.rewind(position)
    await noticed(() => logEvents(store, { after: position }))
  })

  rewound(
    'make the store refuse everything else as well',
    async ({ another, hooks, unique }) => {
      const store = await another()
      const stream = unique('account')
      const { position } = await store.append({ stream, events: samples(2) })
      await hooks.rewind(position - 1)
      await noticed(() => store.head())
      const operations: (() => Promise<unknown>)[] = [
        () => store.append({ stream, events: [sample()] }),
        () => allOf(store.readStream(stream)),
        () => allOf(store.readAll()),
        () => store.findEvents([sample().id]),
        () => store.head(),
        () => store.receipts.find(unique('command')),
        () => store.snapshots.load(stream, 1),
        () => store.checkpoints.list(),
        () => store.checkpoints.register({ name: unique('subscription'), startAfter: 0 }),
        () => store.checkpoints.heartbeat({ owner: 'me', subscriptions: [], leases: [], leaseMilliseconds: 1_000 }),
        () => store.parked.list(unique('subscription')),
      ]
      for (const operation of operations) await rejectsWith('log-rewound', operation)
    },
    'receipts',
    'snapshots',
    'checkpoints',
  )

  rewound('are told of before an operation is refused, once', async ({ another, hooks, unique }) => {
    const store = await another()
    const told: string[] = []
    store.onRewound(({ code }) => told.push(code))
    const forget = store.onRewound(() => told.push('a listener that was taken away'))
    forget()
    const { position } = await store.append({ stream: unique('account'), events: samples(2) })
    await hooks.rewind(position - 1)
    await noticed(() => store.head())
    expect(told).toEqual(['log-rewound'])
    await rejectsWith('log-rewound', () => store.head())
    expect(told).toEqual(['log-rewound'])
  })

  rewound('do not concern a store that knew nothing of what is gone', async ({ another, hooks, unique }) => {
    const [store, other] = [await another(), await another()]
    const [mine, others] = [unique('account'), unique('account')]
    const { position } = await store.append({ stream: mine, events: [sample()] })
    await other.append({ stream: others, events: samples(3) })
    await hooks.rewind(position)
    const event = sample()
    await until('the store is back', () => store.append({ stream: mine, events: [event] }).then(() => true, unlessRewound))
    expect(idsOf(await logEvents(store, { after: position }))).toEqual([event.id])
  })

  rewound('are taken as they are by a store that is stopped and started anew', async ({ another, hooks, unique }) => {
    const store = await another()
    const stream = unique('account')
    const { position } = await store.append({ stream, events: [sample()] })
    await store.append({ stream, events: [sample()] })
    await hooks.rewind(position)
    await noticed(() => store.head())
    await store.stop()
    await store.start()
    expect((await store.head()).position).toBe(position)
    await expect(store.append({ stream, events: [sample()], expectedVersion: 1 })).resolves.toMatchObject({ version: 2 })
  })

  rewound(
    'have no checkpoints, barriers and parked events beyond their end',
    async ({ another, hooks, unique }) => {
      const store = await another()
      const { position } = await store.append({ stream: unique('account'), events: [sample()] })
      const lost = await store.append({ stream: unique('account'), events: [sample()] })
      const subscription = await registered(store, unique, 0, 2)
      const lease = await held(store, subscription)
      const parked = { sequence: 'a', part: 0, type: 'money-deposited', stream: 'account-1' }
      const park = [position, lost.position].map((at) => ({ ...parked, position: at }))
      await store.checkpoints.advance(lease, lost.position, { park })
      await store.checkpoints.release(lease)
      await store.checkpoints.register({ name: subscription, startAfter: 0, partitions: 3 })
      expect((await viewOf(store, subscription, 'me'))?.change?.upTo).toBe(lost.position)
      await hooks.rewind(position)
      const later = await another()
      expect((await later.parked.list(subscription)).map((event) => event.position)).toEqual([position])
      expect(await viewOf(later, subscription, 'me')).toMatchObject({
        change: { upTo: position },
        checkpoints: [{ checkpoint: position }, { checkpoint: 0 }],
      })
      await noticed(() => store.head())
    },
    'checkpoints',
  )
}

/** The area's own store knew what is gone; the next scenario needs it. */
function startingAnew(run: (world: World) => Promise<void>): (world: World) => Promise<void> {
  return async (world) => {
    await run(world)
    await world.store.stop()
    await world.store.start()
  }
}

/** Asks until the store answers that the log was rewound; it has to find another connection first. */
function noticed(attempt: () => Promise<unknown>): Promise<LogRewoundError> {
  return until('the store notices', async () => {
    try {
      await attempt()
    } catch (error) {
      if (hasCode<LogRewoundError>(error, 'log-rewound')) return error
      if (!hasCode(error, 'store-unavailable')) throw error
    }
    return undefined
  })
}

function unlessRewound(error: unknown): undefined {
  if (!hasCode(error, 'store-unavailable')) throw error
}
