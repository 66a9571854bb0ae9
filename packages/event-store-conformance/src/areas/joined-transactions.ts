import { type Append, type AppendsTogether, type EventStore, newLink, type WrongExpectedVersionError } from '@writ/event-store'
import type { Area, World } from '../area.js'
import type { Capability } from '../capability.js'
import { rejectsWith } from '../rejects-with.js'
import { idsOf, logEvents, positionsOf, sample, samples, streamEvents, upTo } from '../sample-events.js'
import { until } from '../until.js'

type Work<T> = (transaction: AppendsTogether) => Promise<T>

interface Refusal {
  readonly code: string
  readonly needs?: readonly Capability[]
  /** An append that the store is going to refuse. */
  readonly refused: (world: World) => Promise<Append>
}

/** Work in a transaction of the user's own, and the appends that the user's commit writes. */
export const joinedTransactions: Area = (declare) => {
  const scenario: typeof declare = (sentence, run, ...needs) => declare(sentence, run, 'joined transactions', ...needs)

  scenario("writes what the work appended by the user's commit, and not before", async ({ store, hooks, start, unique }) => {
    const [one, two] = [unique('account'), unique('account')]
    const { client, commit } = await hooks.beginTransaction()
    const result = await within(store, client, async ({ append }) => {
      append({ stream: one, events: samples(2), expectedVersion: 'no-stream' })
      append({ stream: two, events: samples(1) })
      return 'done'
    })
    expect(result).toBe('done')
    expect((await store.head()).position).toBe(start)
    await commit()
    const stored = await logEvents(store, { after: start })
    expect(stored.map(({ stream, version }) => [stream, version])).toEqual([
      [one, 1],
      [one, 2],
      [two, 1],
    ])
  })

  scenario(
    'keeps texts, tags and receipts',
    async ({ store, hooks, unique }) => {
      const [stream, commandId] = [unique('account'), unique('command')]
      const event = sample({ data: '{ "amount": 1.50 }', metadata: '{ "actor" : "ann" }', tags: ['b', "o'neil"] })
      const { client, commit } = await hooks.beginTransaction()
      const receipts = [{ commandId, eventsUpTo: 1, body: '{ "done" : true }' }]
      await within(store, client, async ({ append }) => append({ stream, events: [event], receipts }))
      expect(await store.receipts.find(commandId)).toBeUndefined()
      await commit()
      expect(await streamEvents(store, stream)).toMatchObject([{ ...event, stream, version: 1 }])
      expect(await store.receipts.find(commandId)).toMatchObject({ stream, version: 1, body: '{ "done" : true }' })
    },
    'receipts',
  )

  scenario('writes nothing that the user rolls back', async ({ store, hooks, start, unique }) => {
    const stream = unique('account')
    const events = samples(2)
    const { client, rollBack } = await hooks.beginTransaction()
    await within(store, client, async ({ append }) => append({ stream, events }))
    await rollBack()
    expect((await store.head()).position).toBe(start)
    await expect(store.append({ stream, events, expectedVersion: 0 })).resolves.toMatchObject({ version: 2 })
  })

  scenario('throws what the work throws, and has nothing to write then', async ({ store, hooks, start, unique }) => {
    const stream = unique('account')
    const failure = new Error('what the work threw')
    const { client, commit } = await hooks.beginTransaction()
    const failed = within(store, client, async ({ append }) => {
      append({ stream, events: samples(2) })
      throw failure
    })
    await expect(failed).rejects.toBe(failure)
    await commit()
    expect((await store.head()).position).toBe(start)
  })

  scenario('may append nothing', async ({ store, hooks, start }) => {
    const { client, commit } = await hooks.beginTransaction()
    await expect(within(store, client, async () => 7)).resolves.toBe(7)
    await commit()
    expect((await store.head()).position).toBe(start)
  })

  scenario('takes several appends to one stream, where each goes on from the one before', async ({ store, hooks, unique }) => {
    const stream = unique('account')
    const parts = [samples(2), samples(1), samples(3)]
    await committed(store, hooks, async ({ append }) => {
      append({ stream, events: parts[0]!, expectedVersion: 'no-stream' })
      append({ stream, events: parts[1]!, expectedVersion: 2 })
      append({ stream, events: parts[2]!, expectedVersion: 'stream-exists' })
    })
    expect(idsOf(await streamEvents(store, stream))).toEqual(idsOf(parts.flat()))
  })

  scenario('refuses at once an append that is malformed, and goes on without it', async ({ store, hooks, unique }) => {
    const stream = unique('account')
    await committed(store, hooks, async ({ append }) => {
      expect(() => append({ stream, events: [sample({ type: '' })] })).toThrow(
        expect.objectContaining({ code: 'invalid-append' }),
      )
      expect(() => append({ stream: '', events: samples(1) })).toThrow(expect.objectContaining({ code: 'invalid-stream-name' }))
      append({ stream, events: samples(1) })
    })
    expect(await streamEvents(store, stream)).toHaveLength(1)
  })

  scenario('refuses data that is no JSON before the commit', async ({ store, hooks, start, unique }) => {
    const { client, rollBack } = await hooks.beginTransaction()
    const malformed = { stream: unique('account'), events: [sample(), sample({ data: '{' })] }
    await rejectsWith('invalid-append', () => within(store, client, async ({ append }) => append(malformed)))
    await rollBack()
    expect((await store.head()).position).toBe(start)
  })

  scenario("takes no append after the work's end", async ({ store, hooks, start, unique }) => {
    let late: AppendsTogether['append'] | undefined
    await committed(store, hooks, async ({ append }) => {
      late = append
    })
    await rejectsWith('transaction-ended', async () => late?.({ stream: unique('account'), events: samples(1) }))
    expect((await store.head()).position).toBe(start)
  })

  const refusals: Readonly<Record<string, Refusal>> = {
    'expects a stale version': {
      code: 'wrong-expected-version',
      async refused({ store, unique }) {
        const stream = unique('account')
        await store.append({ stream, events: samples(2) })
        return { stream, events: samples(1), expectedVersion: 1 }
      },
    },
    'expects no stream where there is one': {
      code: 'wrong-expected-version',
      async refused({ store, unique }) {
        const stream = unique('account')
        await store.append({ stream, events: samples(2) })
        return { stream, events: samples(1), expectedVersion: 'no-stream' }
      },
    },
    'expects a stream where there is none': {
      code: 'wrong-expected-version',
      refused: async ({ unique }) => ({ stream: unique('account'), events: samples(1), expectedVersion: 'stream-exists' }),
    },
    'has an event id that is in use': {
      code: 'event-id-conflict',
      async refused({ store, unique }) {
        const event = sample()
        await store.append({ stream: unique('account'), events: [event] })
        return { stream: unique('account'), events: [sample(), event] }
      },
    },
    'is stored already': {
      code: 'event-id-conflict',
      async refused({ store, unique }) {
        const append = { stream: unique('account'), events: samples(2) }
        await store.append(append)
        return append
      },
    },
    'has a condition that fails': {
      code: 'append-condition-failed',
      needs: ['conditions'],
      async refused({ store, unique }) {
        const tag = unique('tag')
        await store.append({ stream: unique('account'), events: [sample({ tags: [tag] })] })
        const condition = { failIfMatch: { items: [{ tags: [tag] }] } }
        return { stream: unique('account'), events: samples(1), condition }
      },
    },
    'has a receipt of a command that was handled': {
      code: 'command-already-handled',
      needs: ['receipts'],
      async refused({ store, unique }) {
        const receipts = [{ commandId: unique('command'), eventsUpTo: 1, body: '{}' }]
        await store.append({ stream: unique('account'), events: samples(1), receipts })
        return { stream: unique('account'), events: samples(1), receipts }
      },
    },
    'is for a deleted stream': {
      code: 'stream-deleted',
      needs: ['deletes'],
      async refused({ store, unique }) {
        const stream = unique('account')
        await store.append({ stream, events: samples(1) })
        await store.streams.delete(stream)
        return { stream, events: samples(1) }
      },
    },
  }
  for (const [what, { code, refused, needs = [] }] of Object.entries(refusals)) {
    scenario(
      `makes the commit fail of which one append ${what}, and writes none`,
      async (world) => {
        const { store, hooks, unique } = world
        const fine = { stream: unique('account'), events: samples(1) }
        const append = await refused(world)
        const { position } = await store.head()
        const appends = what === 'is stored already' ? [append] : [fine, append]
        const attempt = committed(store, hooks, async (transaction) => {
          for (const each of appends) transaction.append(each)
        })
        await rejectsWith(code, () => attempt)
        expect((await store.head()).position).toBe(position)
      },
      ...needs,
    )
  }

  scenario('judges versions when the user commits, by what is stored then', async ({ store, hooks, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(1) })
    const { client, commit } = await hooks.beginTransaction()
    await within(store, client, async ({ append }) => append({ stream, events: samples(1), expectedVersion: 1 }))
    await store.append({ stream, events: samples(1) })
    const error = await rejectsWith<WrongExpectedVersionError>('wrong-expected-version', commit)
    expect(error).toMatchObject({ stream, expectedVersion: 1, actualVersion: 2 })
    expect(await streamEvents(store, stream)).toHaveLength(2)
  })

  scenario(
    'keeps nobody waiting while the transaction is open, and places its events in the order of the commits',
    async ({ store, hooks, start, unique }) => {
      const [first, second, between] = [unique('account'), unique('account'), unique('account')]
      const [one, two] = [await hooks.beginTransaction(), await hooks.beginTransaction()]
      await within(store, one.client, async ({ append }) => append({ stream: first, events: samples(2) }))
      await within(store, two.client, async ({ append }) => append({ stream: second, events: samples(1) }))
      await store.append({ stream: between, events: samples(1) })
      await two.commit()
      await one.commit()
      const stored = await logEvents(store, { after: start })
      expect(stored.map(({ stream }) => stream)).toEqual([between, second, first, first])
      expect(positionsOf(stored)).toEqual([...positionsOf(stored)].sort((a, b) => a - b))
    },
  )

  scenario('lets exactly one of four transactions win that expect the same version', async ({ store, hooks, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(1) })
    const open = await Promise.all(upTo(4).map(() => hooks.beginTransaction()))
    for (const { client } of open)
      await within(store, client, async ({ append }) => append({ stream, events: samples(1), expectedVersion: 1 }))
    const outcomes = await Promise.allSettled(open.map(({ commit }) => commit()))
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(refused).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ code: 'wrong-expected-version' })))
    expect(await streamEvents(store, stream)).toHaveLength(2)
  })

  scenario('reads what is stored, and none of what the work appends', async ({ store, hooks, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(2) })
    await committed(store, hooks, async ({ append, reads }) => {
      append({ stream, events: samples(1) })
      const seen = []
      for await (const page of reads.readStream(stream)) seen.push(...page)
      expect(seen).toHaveLength(2)
      expect(await reads.head()).toEqual(await store.head())
    })
    expect(await streamEvents(store, stream)).toHaveLength(3)
  })

  scenario(
    "changes rows with the user's commit, or not at all",
    async ({ store, hooks, unique }) => {
      const [table, stream, key] = [await hooks.makeTable(), unique('account'), unique('key')]
      const find = async () => (await store.transaction(({ rows }) => rows(table).find(key))).result
      const work: Work<void> = async ({ append, rows }) => {
        await rows(table).insert(key, { amount: 5, note: 'new' })
        append({ stream, events: samples(1), expectedVersion: 0 })
      }
      const undone = await hooks.beginTransaction()
      await within(store, undone.client, work)
      await undone.rollBack()
      expect(await find()).toBeUndefined()
      await committed(store, hooks, work)
      expect(await find()).toMatchObject({ amount: 5, note: 'new' })
      // And a refused append takes its rows with it.
      const stale: Work<void> = async ({ append, rows }) => {
        await rows(table).update(key, { amount: 6 })
        append({ stream, events: samples(1), expectedVersion: 0 })
      }
      await rejectsWith('wrong-expected-version', () => committed(store, hooks, stale))
      expect(await find()).toMatchObject({ amount: 5 })
    },
    'rows',
    'transactions',
  )

  scenario(
    'writes a link',
    async ({ store, hooks, unique }) => {
      const [stream, audit] = [unique('account'), unique('audit')]
      await store.append({ stream, events: samples(1) })
      const [event] = await streamEvents(store, stream)
      await committed(store, hooks, async ({ append }) => append({ stream: audit, events: [newLink(event!, sample().id)] }))
      expect(await streamEvents(store, audit)).toMatchObject([{ id: event!.id, stream: audit, origin: { stream } }])
    },
    'links',
  )

  scenario(
    'wakes the listeners of every process when the user has committed',
    async ({ store, neighbour, hooks, unique }) => {
      const other = await neighbour()
      let woken = 0
      const stops = [store, other].map((one) => {
        let isFirst = true
        return one.onAppended(() => {
          if (isFirst) woken++
          isFirst = false
        })
      })
      const stream = unique('account')
      await committed(store, hooks, async ({ append }) => append({ stream, events: samples(1) }))
      await until('both are woken', async () => woken === 2)
      for (const stop of stops) stop()
    },
    'wake-ups',
    'several processes',
  )
}

function within<T>(store: EventStore, client: object, work: Work<T>): Promise<T> {
  if (!store.within) throw new Error("The store has no within(): name 'joined transactions' in unsupported, with the reason.")
  return store.within(client, work)
}

async function committed<T>(store: EventStore, hooks: World['hooks'], work: Work<T>): Promise<T> {
  const { client, commit } = await hooks.beginTransaction()
  const result = await within(store, client, work)
  await commit()
  return result
}
