import {
  type Append,
  type AppendsTogether,
  type EventStore,
  eventsOf,
  type StoredEvent,
  type WrongExpectedVersionError,
} from '@writ/event-store'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { idsOf, logEvents, positionsOf, sample, samples, streamEvents, upTo } from '../sample-events.js'
import { until } from '../until.js'

const wrong = 'wrong-expected-version'

/** Work in a transaction of the store, and the appends that are its last step. */
export const transactions: Area = (declare) => {
  const scenario: typeof declare = (sentence, run, ...needs) => declare(sentence, run, 'transactions', ...needs)

  scenario('gives back what the work returned, and an answer for each append', async ({ store, unique }) => {
    const [one, two] = [unique('account'), unique('account')]
    const { result, appended } = await store.transaction(async ({ append }) => {
      append({ stream: one, events: samples(2), expectedVersion: 'no-stream' })
      append({ stream: two, events: samples(1) })
      return 'done'
    })
    expect(result).toBe('done')
    const last = async (stream: string) => (await streamEvents(store, stream)).at(-1)!.position
    expect(appended).toEqual([
      { version: 2, position: await last(one) },
      { version: 1, position: await last(two) },
    ])
  })

  scenario('writes nothing before the work is done', async ({ store, start, unique }) => {
    const stream = unique('account')
    await store.transaction(async ({ append }) => {
      append({ stream, events: samples(2) })
      expect(await streamEvents(store, stream)).toEqual([])
      expect((await store.head()).position).toBe(start)
    })
    expect(await streamEvents(store, stream)).toHaveLength(2)
  })

  scenario('may append nothing', async ({ store, start }) => {
    await expect(store.transaction(async () => 7)).resolves.toEqual({ result: 7, appended: [] })
    expect((await store.head()).position).toBe(start)
  })

  scenario(
    'takes several appends to one stream in their order, where each goes on from the one before',
    async ({ store, unique }) => {
      const [stream, other] = [unique('account'), unique('account')]
      const parts = [samples(2), samples(1), samples(3), samples(1)]
      const { appended } = await store.transaction(async ({ append }) => {
        append({ stream, events: parts[0]!, expectedVersion: 'no-stream' })
        append({ stream: other, events: samples(1) })
        append({ stream, events: parts[1]!, expectedVersion: 2 })
        append({ stream, events: parts[2]! })
        append({ stream, events: parts[3]!, expectedVersion: 'stream-exists' })
      })
      expect(appended.map(({ version }) => version)).toEqual([2, 1, 3, 6, 7])
      const stored = await streamEvents(store, stream)
      expect(idsOf(stored)).toEqual(idsOf(parts.flat()))
      for (const [index, at] of [1, 2, 5, 6].entries()) {
        expect(appended[[0, 2, 3, 4][index]!]!.position).toBe(stored[at]!.position)
      }
    },
  )

  scenario('places streams in the log as they were first named, the events of each together', async ({ store, unique }) => {
    const [one, two] = [unique('account'), unique('account')]
    const { appended } = await store.transaction(async ({ append }) => {
      append({ stream: one, events: samples(1) })
      append({ stream: two, events: samples(1) })
      append({ stream: one, events: samples(1) })
    })
    const [first, second, third] = appended.map(({ position }) => position)
    expect([third! - first!, second! - third!]).toEqual([1, 1])
  })

  const unfit: readonly [string, (stream: string) => readonly Append[]][] = [
    [
      'expects what the append to its stream before it does not leave',
      (stream) => [
        { stream, events: samples(2), expectedVersion: 0 },
        { stream, events: samples(1), expectedVersion: 1 },
      ],
    ],
    [
      'expects a number behind an append of any version',
      (stream) => [
        { stream, events: samples(2) },
        { stream, events: samples(1), expectedVersion: 2 },
      ],
    ],
    [
      "expects 'no-stream' behind another append to its stream",
      (stream) => [
        { stream, events: samples(1), expectedVersion: 0 },
        { stream, events: samples(1), expectedVersion: 'no-stream' },
      ],
    ],
    [
      'comes behind one without events to its stream',
      (stream) => [
        { stream, events: [], expectedVersion: 0 },
        { stream, events: samples(1) },
      ],
    ],
    ['is malformed', (stream) => [{ stream, events: [sample({ type: '' })] }]],
    [
      'brings the events beyond 10,000',
      (stream) => [
        { stream, events: samples(10_000) },
        { stream, events: samples(1) },
      ],
    ],
    [
      'has an event id of the one before it',
      (stream) => {
        const event = sample()
        return [
          { stream, events: [event] },
          { stream: `${stream}-other`, events: [event] },
        ]
      },
    ],
  ]
  for (const [what, appends] of unfit) {
    scenario(`refuses at once an append that ${what}`, async ({ store, start, unique }) => {
      const given = appends(unique('account'))
      let wentOn = false
      await rejectsWith('invalid-append', () =>
        store.transaction(async ({ append }) => {
          for (const each of given) append(each)
          wentOn = true
        }),
      )
      expect(wentOn).toBe(false)
      expect((await store.head()).position).toBe(start)
    })
  }

  scenario('forgets an append that it has refused when the work goes on', async ({ store, unique }) => {
    const stream = unique('account')
    const { appended } = await store.transaction(async ({ append }) => {
      expect(() => append({ stream, events: [sample({ type: '' })] })).toThrow(/event type/)
      append({ stream, events: samples(1) })
    })
    expect(appended).toHaveLength(1)
    expect(await streamEvents(store, stream)).toHaveLength(1)
  })

  scenario('stores nothing when the work throws, and throws the very same error', async ({ store, start, unique }) => {
    const thrown = new RangeError('the work failed')
    const outcome = store.transaction(async ({ append }) => {
      append({ stream: unique('account'), events: samples(2) })
      throw thrown
    })
    await expect(outcome).rejects.toBe(thrown)
    expect((await store.head()).position).toBe(start)
  })

  scenario(
    'writes nothing to any stream when one append is refused, and tells what was missed',
    async ({ store, start, unique }) => {
      const [fine, stale] = [unique('account'), unique('account')]
      const before = samples(3)
      await store.append({ stream: stale, events: before })
      const error = await rejectsWith<WrongExpectedVersionError>(wrong, () =>
        store.transaction(async ({ append }) => {
          append({ stream: fine, events: samples(2) })
          append({ stream: stale, events: samples(1), expectedVersion: 1 })
        }),
      )
      expect(error).toMatchObject({ stream: stale, expectedVersion: 1, actualVersion: 3 })
      expect(idsOf(error.missed ?? [])).toEqual(idsOf(before.slice(1)))
      expect(await logEvents(store, { after: start })).toHaveLength(3)
    },
  )

  scenario('is refused for what another writer did while the work went on', async ({ store, unique }) => {
    const stream = unique('account')
    const error = await rejectsWith<WrongExpectedVersionError>(wrong, () =>
      store.transaction(async ({ append }) => {
        append({ stream, events: samples(1), expectedVersion: 'no-stream' })
        await store.append({ stream, events: samples(2) })
      }),
    )
    expect(error).toMatchObject({ expectedVersion: 'no-stream', actualVersion: 2 })
    expect(await streamEvents(store, stream)).toHaveLength(2)
  })

  scenario('refuses an append when the work is over, and stores nothing of it', async ({ store, start, unique }) => {
    const stream = unique('account')
    let kept: AppendsTogether['append'] | undefined
    await store.transaction(async ({ append }) => {
      kept = append
    })
    await rejectsWith('transaction-ended', async () => kept!({ stream, events: samples(1) }))
    await expect(
      store.transaction(async ({ append }) => {
        kept = append
        throw new Error('the work failed')
      }),
    ).rejects.toThrow('the work failed')
    await rejectsWith('transaction-ended', async () => kept!({ stream, events: samples(1) }))
    expect((await store.head()).position).toBe(start)
  })

  scenario(
    'takes a transaction within another as one of its own, stored whatever becomes of the outer one',
    async ({ store, unique }) => {
      const [inner, outer] = [unique('account'), unique('account')]
      await expect(
        store.transaction(async ({ append }) => {
          append({ stream: outer, events: samples(1) })
          await store.transaction(async (nested) => nested.append({ stream: inner, events: samples(1) }))
          throw new Error('the outer one failed')
        }),
      ).rejects.toThrow('the outer one failed')
      expect(await streamEvents(store, inner)).toHaveLength(1)
      expect(await streamEvents(store, outer)).toEqual([])
    },
  )

  scenario('answers a transaction that is repeated with the same events as the first time', async ({ store, start, unique }) => {
    const appends: Append[] = [
      { stream: unique('account'), events: samples(2), expectedVersion: 0 },
      { stream: unique('account'), events: samples(1) },
    ]
    const run = () =>
      store.transaction(async ({ append }) => {
        for (const each of appends) append(each)
      })
    const first = await run()
    await store.append({ stream: appends[0]!.stream, events: samples(1) })
    await expect(run()).resolves.toEqual(first)
    expect(await logEvents(store, { after: start })).toHaveLength(4)
  })

  scenario('refuses what is partly repeated and partly new, and writes nothing', async ({ store, start, unique }) => {
    const known: Append = { stream: unique('account'), events: samples(1) }
    await store.append(known)
    const error = await rejectsWith('event-id-conflict', () =>
      store.transaction(async ({ append }) => {
        append({ stream: unique('account'), events: samples(1) })
        append(known)
      }),
    )
    expect(error).toMatchObject({ stream: known.stream, eventId: known.events[0]!.id })
    expect(await logEvents(store, { after: start })).toHaveLength(1)
  })

  scenario(
    'writes nothing when a condition fails',
    async ({ store, start, unique }) => {
      const tag = unique('tag')
      const { position } = await store.append({ stream: unique('account'), events: [sample({ tags: [tag] })] })
      const condition = { failIfMatch: { items: [{ tags: [tag] }] }, after: 0 }
      const error = await rejectsWith('append-condition-failed', () =>
        store.transaction(async ({ append }) => {
          append({ stream: unique('account'), events: samples(1) })
          append({ stream: unique('account'), events: samples(1), condition })
        }),
      )
      expect(error).toMatchObject({ position })
      expect(await logEvents(store, { after: start })).toHaveLength(1)
    },
    'conditions',
  )

  scenario(
    'keeps receipts with the events, and is refused by one that is there already',
    async ({ store, unique }) => {
      const [stream, other, commandId, second] = [unique('account'), unique('account'), unique('command'), unique('command')]
      const receipt = (id: string) => [{ commandId: id, eventsUpTo: 1, body: '{}' }]
      const run = (ids: readonly string[]) =>
        store.transaction(async ({ append }) => {
          for (const id of ids) append({ stream, events: samples(2), receipts: receipt(id) })
          append({ stream: other, events: samples(1) })
        })
      await run([commandId, second])
      expect(await store.receipts.find(commandId)).toMatchObject({ stream, version: 1 })
      expect(await store.receipts.find(second)).toMatchObject({ stream, version: 3 })
      const error = await rejectsWith('command-already-handled', () => run([unique('command'), second]))
      expect(error).toMatchObject({ receipt: { commandId: second, version: 3 } })
      expect(await streamEvents(store, stream)).toHaveLength(4)
    },
    'receipts',
  )

  scenario('carries out many transactions at a time, each whole', async ({ store, unique }) => {
    const shared = unique('account')
    const own = upTo(30).map(() => unique('account'))
    await Promise.all(
      own.map((stream) =>
        store.transaction(async ({ append }) => {
          append({ stream: shared, events: samples(2) })
          append({ stream, events: samples(1), expectedVersion: 0 })
        }),
      ),
    )
    expect(await streamEvents(store, shared)).toHaveLength(60)
    for (const stream of own) expect(await streamEvents(store, stream)).toHaveLength(1)
  })

  scenario(
    'lets exactly one of two processes win that expect the same versions, twenty times over',
    async ({ store, neighbour, unique }) => {
      const stores = [store, await neighbour()]
      for (const streams of upTo(20).map(() => [unique('account'), unique('account')])) {
        const outcomes = await Promise.allSettled(
          stores.map((one, index) =>
            one.transaction(async ({ append }) => {
              const order = index === 0 ? streams : [...streams].reverse()
              for (const stream of order) append({ stream, events: samples(1), expectedVersion: 0 })
            }),
          ),
        )
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
        expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: wrong } })
        for (const stream of streams) expect(await streamEvents(store, stream)).toHaveLength(1)
      }
    },
    'several processes',
  )

  scenario('goes on appending elsewhere while work takes its time', async ({ store, unique }) => {
    const stream = unique('account')
    const { result } = await store.transaction(async ({ append }) => {
      append({ stream, events: samples(1) })
      const positions: number[] = []
      for (let turn = 0; turn < 5; turn++)
        positions.push((await store.append({ stream: unique('account'), events: samples(1) })).position)
      return positions
    })
    const [own] = await streamEvents(store, stream)
    expect(own!.position).toBeGreaterThan(result.at(-1)!)
  })

  scenario(
    'gives positions in the order of the commits, which a reader behind them sees once each and in order',
    async (world) => {
      await readBehind(world)
    },
  )

  scenario(
    'stores 10,000 events to 100 streams in one transaction',
    async ({ store, start, unique }) => {
      const appends = upTo(100).map(() => ({ stream: unique('account'), events: samples(100), expectedVersion: 0 }))
      const { appended } = await store.transaction(async ({ append }) => {
        for (const each of appends) append(each)
      })
      expect(appended.map(({ version }) => version)).toEqual(upTo(100).map(() => 100))
      const stored = await logEvents(store, { after: start })
      expect(idsOf(stored)).toEqual(idsOf(appends.flatMap(({ events }) => events)))
    },
    'large appends',
  )

  scenario(
    'refuses to run once it is stopped',
    async ({ another }) => {
      const stopped = await another()
      await stopped.stop()
      let hasRun = false
      await rejectsWith('store-not-running', () =>
        stopped.transaction(async () => {
          hasRun = true
        }),
      )
      expect(hasRun).toBe(false)
    },
    'several processes',
  )
}

async function readBehind({
  store,
  start,
  unique,
}: {
  readonly store: EventStore
  readonly start: number
  readonly unique: (prefix: string) => string
}): Promise<void> {
  const acknowledged: string[][] = []
  const shared = unique('account')
  const write = async (n: number) => {
    for (let turn = 0; turn < 6; turn++) {
      const events = samples(3)
      const appends: Append[] = [
        { stream: unique('account'), events: events.slice(0, 2) },
        { stream: shared, events: events.slice(2) },
      ]
      if (n % 3 === 0) await store.appendAll(appends)
      else if (n % 3 === 1) await store.append({ stream: shared, events })
      else {
        await store.transaction(async ({ append }) => {
          for (const each of appends) append(each)
        })
      }
      acknowledged.push(idsOf(events))
    }
  }
  let isWriting = true
  const writing = Promise.all(upTo(24).map(write)).finally(() => {
    isWriting = false
  })
  const seen: StoredEvent[] = []
  const readOn = async () => {
    for await (const event of eventsOf(store.readAll({ after: seen.at(-1)?.position ?? start, pageSize: 20 }))) seen.push(event)
  }
  const following = until('the writers have finished', async () => {
    await readOn()
    return !isWriting
  })
  await Promise.all([writing, following])
  await readOn()
  const positions = positionsOf(seen)
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b))
  expect(new Set(idsOf(seen))).toEqual(new Set(acknowledged.flat()))
  // What was written together stands together.
  for (const ids of acknowledged) {
    const at = idsOf(seen).indexOf(ids[0]!)
    expect(idsOf(seen.slice(at, at + 3))).toEqual(ids)
  }
}
