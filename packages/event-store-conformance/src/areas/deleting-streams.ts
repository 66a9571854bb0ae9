import {
  type AppendsTogether,
  type EventStore,
  type ExpectedVersion,
  hasCode,
  newLink,
  type StreamDeletedError,
  systemRuntime,
  type WrongExpectedVersionError,
} from '@writ/event-store'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { idsOf, logEvents, sample, samples, streamEvents, upTo, versionsOf } from '../sample-events.js'

const gone = 'stream-deleted'

async function deletedStream(store: EventStore, stream: string, count = 3) {
  const events = samples(count)
  await store.append({ stream, events })
  return { stream, events, ...(await store.streams.delete(stream)) }
}

export const deletingStreams: Area = (scenario) => {
  const deleting: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'deletes', ...needs)

  deleting('answers a delete with the version that the stream had, and a new position', async ({ store, unique }) => {
    const stream = unique('account')
    const last = await store.append({ stream, events: samples(3) })
    const { version, position } = await store.streams.delete(stream)
    expect(version).toBe(3)
    expect(position).toBeGreaterThan(last.position)
    expect((await store.head()).position).toBe(position)
  })

  for (const expectedVersion of ['any', 'stream-exists', 'no-stream', 0, 3, 2_147_483_647, Number.MAX_SAFE_INTEGER] as const) {
    deleting(`takes no event into a deleted stream that is expected at ${expectedVersion}`, async ({ store, unique }) => {
      const { stream } = await deletedStream(store, unique('account'))
      for (const events of [samples(1), samples(2), samples(1, { tags: ['a'] })]) {
        await rejectsWith(gone, () => store.append({ stream, events, expectedVersion }))
      }
    })
  }

  deleting('refuses an append without events, too, and one with a condition', async ({ store, unique }) => {
    const { stream } = await deletedStream(store, unique('account'))
    const condition = { failIfMatch: { items: [{ tags: [unique('tag')] }] }, after: 0 }
    await rejectsWith(gone, () => store.append({ stream, events: [] }))
    await rejectsWith(gone, () => store.append({ stream, events: [], expectedVersion: 3 }))
    await rejectsWith(gone, () => store.append({ stream, events: [sample()], condition }))
  })

  deleting('says of a deleted stream who deleted it, and when', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(3) })
    const { position } = await store.streams.delete(stream, { metadata: { actor: "Zoë O'Neil" } })
    const facts = { stream, version: 3, hard: false, position, actor: "Zoë O'Neil" }
    for (const attempt of [
      () => store.append({ stream, events: [sample()] }),
      () => streamEvents(store, stream),
      () => store.streams.delete(stream),
    ]) {
      const error = await rejectsWith<StreamDeletedError>(gone, attempt)
      expect(error).toMatchObject(facts)
      expect(Math.abs(error.deletedAt.getTime() - Date.now())).toBeLessThan(86_400_000)
    }
  })

  deleting('reads nothing from a deleted stream, whatever part is asked for', async ({ store, unique }) => {
    const { stream } = await deletedStream(store, unique('account'))
    for (const options of [{}, { fromVersion: 2 }, { fromVersion: 9 }, { toVersion: 1 }, { limit: 1 }, { durable: false }]) {
      await rejectsWith(gone, () => streamEvents(store, stream, options))
    }
  })

  deleting(
    'reads nothing from a deleted stream backwards',
    async ({ store, unique }) => {
      const { stream } = await deletedStream(store, unique('account'))
      await rejectsWith(gone, () => streamEvents(store, stream, { direction: 'backwards', limit: 1 }))
    },
    'backwards reads',
  )

  deleting('ends a read in its middle when the stream is deleted meanwhile', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(20) })
    await rejectsWith(gone, async () => {
      for await (const [event] of store.readStream(stream, { pageSize: 4 })) {
        if (event!.version === 1) await store.streams.delete(stream)
      }
    })
  })

  deleting('keeps the events of a deleted stream in the log, and nothing else', async ({ store, start, unique }) => {
    const { stream, events } = await deletedStream(store, unique('account'))
    const later = sample()
    await store.append({ stream: unique('account'), events: [later] })
    const log = await logEvents(store, { after: start })
    expect(idsOf(log)).toEqual(idsOf([...events, later]))
    expect(versionsOf(log.filter((event) => event.stream === stream))).toEqual([1, 2, 3])
  })

  deleting(
    'goes on finding the events of a deleted stream by type and tag',
    async ({ store, start, unique }) => {
      const tag = unique('tag')
      const stream = unique('account')
      await store.append({ stream, events: samples(2, { tags: [tag] }) })
      await store.streams.delete(stream)
      expect(await logEvents(store, { after: start, query: { items: [{ tags: [tag] }] } })).toHaveLength(2)
      const condition = { failIfMatch: { items: [{ tags: [tag] }] }, after: start }
      await rejectsWith('append-condition-failed', () =>
        store.append({ stream: unique('account'), events: [sample()], condition }),
      )
    },
    'queries',
    'conditions',
  )

  deleting('tells of a stream whether it is there, absent or deleted', async ({ store, unique }) => {
    const stream = unique('account')
    await expect(store.streams.info(stream)).resolves.toBeUndefined()
    await store.append({ stream, events: samples(3) })
    await expect(store.streams.info(stream)).resolves.toMatchObject({ stream, version: 3, firstVersion: 1 })
    expect(await store.streams.info(stream)).not.toHaveProperty('deletion')
    const { position } = await store.streams.delete(stream, { metadata: { actor: 'ann' } })
    const deletion = { version: 3, hard: false, position, actor: 'ann', deletedAt: expect.any(Date) }
    await expect(store.streams.info(stream)).resolves.toMatchObject({ stream, version: 3, deletion })
  })

  deleting('refuses to delete a stream that is not there', async ({ store, unique }) => {
    const stream = unique('account')
    await rejectsWith('wrong-expected-version', () => store.streams.delete(stream))
    await expect(store.streams.info(stream)).resolves.toBeUndefined()
    await expect(store.append({ stream, events: [sample()], expectedVersion: 'no-stream' })).resolves.toBeDefined()
  })

  for (const expectedVersion of ['any', 'no-stream', 0] as const) {
    deleting(
      `takes a name out of use that no stream has, when it is expected at ${expectedVersion}`,
      async ({ store, unique }) => {
        const stream = unique('account')
        await expect(store.streams.delete(stream, { expectedVersion })).resolves.toMatchObject({ version: 0 })
        await rejectsWith(gone, () => store.append({ stream, events: [sample()], expectedVersion: 'no-stream' }))
        await rejectsWith(gone, () => streamEvents(store, stream))
      },
    )
  }

  deleting('deletes a stream at the version that is expected, and no other', async ({ store, unique }) => {
    const stream = unique('account')
    const events = samples(5)
    await store.append({ stream, events })
    for (const expectedVersion of [0, 3, 6, 'no-stream'] as ExpectedVersion[]) {
      const error = await rejectsWith<WrongExpectedVersionError>('wrong-expected-version', () =>
        store.streams.delete(stream, { expectedVersion }),
      )
      expect(error).toMatchObject({ stream, expectedVersion, actualVersion: 5 })
      if (expectedVersion === 3) expect(idsOf(error.missed!)).toEqual(idsOf(events.slice(3)))
    }
    expect(await streamEvents(store, stream)).toHaveLength(5)
    await expect(store.streams.delete(stream, { expectedVersion: 5 })).resolves.toMatchObject({ version: 5 })
  })

  deleting('deletes a stream once', async ({ store, unique }) => {
    const { stream } = await deletedStream(store, unique('account'))
    const { position } = await store.head()
    for (const expectedVersion of ['any', 'stream-exists', 3] as const) {
      await rejectsWith(gone, () => store.streams.delete(stream, { expectedVersion }))
    }
    expect((await store.head()).position).toBe(position)
  })

  deleting('answers an append as the first time that was stored before the delete', async ({ store, unique }) => {
    const append = { stream: unique('account'), events: samples(2), expectedVersion: 0 }
    const first = await store.append(append)
    await store.streams.delete(append.stream)
    await expect(store.append(append)).resolves.toEqual(first)
  })

  deleting(
    'answers a command of a deleted stream with its receipt',
    async ({ store, unique }) => {
      const stream = unique('account')
      const receipts = [{ commandId: unique('command'), eventsUpTo: 1, body: '{}' }]
      await store.append({ stream, events: [sample()], receipts })
      await store.streams.delete(stream)
      await rejectsWith('command-already-handled', () => store.append({ stream, events: [sample()], receipts }))
      const others = [{ ...receipts[0]!, commandId: unique('command') }]
      await rejectsWith(gone, () => store.append({ stream, events: [sample()], receipts: others }))
      await expect(store.receipts.find(others[0]!.commandId)).resolves.toBeUndefined()
    },
    'receipts',
  )

  deleting('lets no append to a deleted stream fail the others that are under way', async ({ store, unique }) => {
    const { stream } = await deletedStream(store, unique('account'))
    const outcomes = await Promise.allSettled(
      upTo(60).map((n) =>
        store.append({ stream: n % 3 === 0 ? stream : unique('account'), events: samples(n % 2 === 0 ? 1 : 2) }),
      ),
    )
    for (const [index, outcome] of outcomes.entries()) {
      if ((index + 1) % 3 === 0) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: gone, stream } })
      else expect(outcome.status).toBe('fulfilled')
    }
  })

  deleting(
    'writes nothing to any of several streams when one of them is deleted',
    async ({ store, unique }) => {
      const { stream } = await deletedStream(store, unique('account'))
      const other = unique('account')
      const appends = [other, stream].map((name) => ({ stream: name, events: samples(2) }))
      const work = async (transaction: AppendsTogether) => {
        for (const append of appends) transaction.append(append)
      }
      for (const attempt of [() => store.appendAll(appends), () => store.transaction(work)]) {
        expect(await rejectsWith<StreamDeletedError>(gone, attempt)).toMatchObject({ stream, version: 3 })
      }
      expect(await streamEvents(store, other)).toEqual([])
    },
    'several streams',
    'transactions',
  )

  deleting('keeps its hands off streams of like names', async ({ store, unique }) => {
    const stream = unique('account')
    const others = [`${stream}0`, stream.toUpperCase(), stream.slice(0, -1), `${stream} `]
    for (const name of [stream, ...others]) await store.append({ stream: name, events: [sample()] })
    await store.streams.delete(stream)
    for (const name of others) expect(await streamEvents(store, name)).toHaveLength(1)
  })

  deleting('takes names of all kinds', async ({ store, unique }) => {
    for (const stream of [unique(`it's "quoted" \\ -- 💶`), unique('$journal'), unique('é').padEnd(500, 'é')]) {
      await deletedStream(store, stream)
      await rejectsWith(gone, () => streamEvents(store, stream))
    }
  })

  deleting(
    'leads links to the events of a deleted stream, which the log keeps',
    async ({ store, unique }) => {
      const [stream, other] = [unique('account'), unique('audit')]
      await store.append({ stream, events: samples(2) })
      const events = await streamEvents(store, stream)
      await store.append({ stream: other, events: events.map((event) => newLink(event, systemRuntime.uuid())) })
      await store.streams.delete(stream)
      expect(idsOf(await streamEvents(store, other))).toEqual(idsOf(events))
    },
    'links',
  )

  deleting(
    'saves no snapshot of a deleted stream',
    async ({ store, unique }) => {
      const { stream } = await deletedStream(store, unique('account'))
      await expect(store.snapshots.save({ stream, version: 3, position: 1, schemaVersion: 1, state: '{}' })).resolves.toBe(false)
      await expect(store.snapshots.load(stream, 1)).resolves.toBeUndefined()
    },
    'snapshots',
  )

  deleting(
    'is seen by other processes, also by one that starts later',
    async ({ store, neighbour, another, unique }) => {
      const other = await neighbour()
      const stream = unique('account')
      await other.append({ stream, events: samples(2) })
      await store.streams.delete(stream)
      const third = await another()
      for (const one of [other, third]) {
        await rejectsWith(gone, () => one.append({ stream, events: [sample()], expectedVersion: 2 }))
        await rejectsWith(gone, () => streamEvents(one, stream))
        await expect(one.streams.info(stream)).resolves.toMatchObject({ deletion: { version: 2 } })
      }
      await third.stop()
    },
    'several processes',
  )

  deleting(
    'lets exactly one of a delete and an append win that expect the same version, twenty times over',
    async ({ store, neighbour, unique }) => {
      const other = await neighbour()
      const race = async (turn: number) => {
        const stream = unique('account')
        await store.append({ stream, events: samples(3) })
        const [deleter, appender] = turn % 2 === 0 ? [store, other] : [other, store]
        const [deletion, append] = await Promise.allSettled([
          deleter.streams.delete(stream, { expectedVersion: 3 }),
          appender.append({ stream, events: [sample()], expectedVersion: 3 }),
        ])
        if (deletion.status === 'fulfilled') {
          expect(append).toMatchObject({ status: 'rejected', reason: { code: gone } })
          await rejectsWith(gone, () => streamEvents(store, stream))
        } else {
          expect(deletion.reason).toMatchObject({ code: 'wrong-expected-version', actualVersion: 4 })
          expect(append).toMatchObject({ status: 'fulfilled', value: { version: 4 } })
          expect(await streamEvents(other, stream)).toHaveLength(4)
        }
      }
      await Promise.all(upTo(20).map(race))
    },
    'several processes',
  )

  deleting(
    'takes nothing in after a delete, and loses nothing from before it, while two processes append whatever is there',
    async ({ store, neighbour, start, unique }) => {
      const stream = unique('account')
      await store.append({ stream, events: [sample()] })
      const accepted: { readonly id: string; readonly position: number }[] = []
      const appending = async (one: EventStore) => {
        for (;;) {
          const event = sample()
          try {
            accepted.push({ id: event.id, ...(await one.append({ stream, events: [event] })) })
          } catch (error) {
            if (!hasCode(error, gone)) throw error
            return
          }
        }
      }
      const both = Promise.all([store, await neighbour()].map(appending))
      while (accepted.length < 20) await store.head()
      const { version, position } = await store.streams.delete(stream)
      await both
      const log = await logEvents(store, { after: start })
      expect(versionsOf(log)).toEqual(upTo(version))
      expect(idsOf(log).slice(1).sort()).toEqual(idsOf(accepted).sort())
      expect(Math.max(...accepted.map((append) => append.position))).toBeLessThan(position)
    },
    'several processes',
  )

  deleting(
    'lets exactly one of twenty deletes in two processes win',
    async ({ store, neighbour, unique }) => {
      const stores = [store, await neighbour()]
      const stream = unique('account')
      await store.append({ stream, events: samples(2) })
      const outcomes = await Promise.allSettled(upTo(20).map((n) => stores[n % 2]!.streams.delete(stream)))
      const refused = outcomes.filter(({ status }) => status === 'rejected')
      expect(refused).toHaveLength(19)
      for (const outcome of refused) expect(outcome).toMatchObject({ reason: { code: gone } })
    },
    'several processes',
  )

  for (const [what, name] of [
    ['no name', ''],
    ['a name with a line break', 'a\nb'],
    ['a name that is none', undefined as never],
  ] as const) {
    deleting(`refuses to look at, delete or truncate a stream with ${what}`, async ({ store }) => {
      await rejectsWith('invalid-stream-name', () => store.streams.info(name))
      await rejectsWith('invalid-stream-name', () => store.streams.delete(name))
      await rejectsWith('invalid-stream-name', () => store.streams.truncate(name, { before: 1 }))
    })
  }

  deleting('refuses a malformed delete, and deletes nothing', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(2) })
    for (const options of [
      { expectedVersion: -5 },
      { expectedVersion: 1.5 },
      { expectedVersion: '2' },
      { expectedVersion: null },
      { hard: 'yes' },
    ]) {
      await rejectsWith('invalid-append', () => store.streams.delete(stream, options as never))
    }
    // Passed over, it would delete what somebody else has just written.
    await rejectsWith('invalid-option', () => store.streams.delete(stream, { expectedversion: 1 } as never))
    expect(await streamEvents(store, stream)).toHaveLength(2)
  })
}
