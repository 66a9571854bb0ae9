import { newLink, type StoredEvent, systemRuntime, type WrongExpectedVersionError } from '@writ/event-store'
import type { Area, World } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { idsOf, logEvents, sample, samples, streamEvents, upTo, versionsOf } from '../sample-events.js'

/** A stream of ten events that is read from the seventh on. */
async function closed({ store, unique }: World): Promise<{ stream: string; events: StoredEvent[] }> {
  const stream = unique('account')
  await store.append({ stream, events: samples(10) })
  const events = await streamEvents(store, stream)
  await store.streams.truncate(stream, { before: 7 })
  return { stream, events }
}

export const truncatingStreams: Area = (scenario) => {
  const truncating: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'truncation', ...needs)

  truncating('reads a stream from where its books were closed, and changes no version', async (world) => {
    const { stream, events } = await closed(world)
    expect(await streamEvents(world.store, stream)).toEqual(events.slice(6))
    expect(await streamEvents(world.store, stream, { durable: false })).toEqual(events.slice(6))
  })

  truncating('reads nothing of what was closed, whatever part is asked for', async (world) => {
    const { stream } = await closed(world)
    const versions = async (options: object) => versionsOf(await streamEvents(world.store, stream, options))
    expect(await versions({ fromVersion: 3 })).toEqual([7, 8, 9, 10])
    expect(await versions({ fromVersion: 3, toVersion: 8 })).toEqual([7, 8])
    expect(await versions({ toVersion: 6 })).toEqual([])
    expect(await versions({ fromVersion: 9 })).toEqual([9, 10])
    expect(await versions({ limit: 2 })).toEqual([7, 8])
    expect(await versions({ pageSize: 3 })).toEqual([7, 8, 9, 10])
  })

  truncating(
    'reads a stream backwards to where its books were closed',
    async (world) => {
      const { stream } = await closed(world)
      for (const pageSize of [1, 3, 100]) {
        const events = await streamEvents(world.store, stream, { direction: 'backwards', pageSize })
        expect(versionsOf(events)).toEqual([10, 9, 8, 7])
      }
    },
    'backwards reads',
  )

  truncating('keeps what was closed in the log', async (world) => {
    const { events } = await closed(world)
    expect(await logEvents(world.store, { after: world.start })).toEqual(events)
  })

  truncating('goes on with the versions', async (world) => {
    const { stream } = await closed(world)
    const { store } = world
    await rejectsWith('wrong-expected-version', () => store.append({ stream, events: [sample()], expectedVersion: 4 }))
    await rejectsWith('wrong-expected-version', () => store.append({ stream, events: [sample()], expectedVersion: 'no-stream' }))
    await expect(store.append({ stream, events: samples(2), expectedVersion: 10 })).resolves.toMatchObject({ version: 12 })
    await expect(store.append({ stream, events: [sample()], expectedVersion: 'stream-exists' })).resolves.toBeDefined()
    expect(versionsOf(await streamEvents(store, stream))).toEqual([7, 8, 9, 10, 11, 12, 13])
  })

  truncating('hands over what was missed, unless some of it was closed', async (world) => {
    const { stream, events } = await closed(world)
    const missedAfter = async (expectedVersion: number) => {
      const attempt = { stream, events: [sample()], expectedVersion }
      const error = await rejectsWith<WrongExpectedVersionError>('wrong-expected-version', () => world.store.append(attempt))
      expect(error.actualVersion).toBe(10)
      return error.missed
    }
    expect(await missedAfter(8)).toEqual(events.slice(8))
    expect(await missedAfter(6)).toEqual(events.slice(6))
    expect(await missedAfter(5)).toBeUndefined()
    expect(await missedAfter(0)).toBeUndefined()
    expect(await missedAfter(11)).toEqual([])
  })

  truncating('leaves one event at least', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(3) })
    const error = await rejectsWith('invalid-truncation', () => store.streams.truncate(stream, { before: 4 }))
    expect(error).toMatchObject({ stream, before: 4, version: 3 })
    await rejectsWith('invalid-truncation', () => store.streams.truncate(stream, { before: Number.MAX_SAFE_INTEGER }))
    await expect(store.streams.truncate(stream, { before: 3 })).resolves.toEqual({ firstVersion: 3 })
    expect(versionsOf(await streamEvents(store, stream))).toEqual([3])
  })

  truncating('refuses to close the books of a stream that is not there', async ({ store, unique }) => {
    const stream = unique('account')
    const error = await rejectsWith('invalid-truncation', () => store.streams.truncate(stream, { before: 1 }))
    expect(error).toMatchObject({ stream, version: 0 })
  })

  truncating('refuses a malformed version, and changes nothing', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(3) })
    for (const before of [0, -1, 1.5, Number.NaN, '2' as never, null as never]) {
      await rejectsWith('invalid-truncation', () => store.streams.truncate(stream, { before }))
    }
    await rejectsWith('invalid-append', () => store.streams.truncate(stream, { before: 2, hard: 'yes' as never }))
    expect(await streamEvents(store, stream)).toHaveLength(3)
  })

  truncating('changes nothing when it closes before the first event', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(3) })
    await expect(store.streams.truncate(stream, { before: 1 })).resolves.toEqual({ firstVersion: 1 })
    expect(await streamEvents(store, stream)).toHaveLength(3)
  })

  truncating('never opens closed books again, and says where they stay closed', async (world) => {
    const { stream } = await closed(world)
    for (const before of [1, 3, 6, 7]) {
      await expect(world.store.streams.truncate(stream, { before })).resolves.toEqual({ firstVersion: 7 })
    }
    expect(versionsOf(await streamEvents(world.store, stream))).toEqual([7, 8, 9, 10])
    await expect(world.store.streams.truncate(stream, { before: 9 })).resolves.toEqual({ firstVersion: 9 })
    expect(versionsOf(await streamEvents(world.store, stream))).toEqual([9, 10])
  })

  truncating('tells from which version on a stream is read', async (world) => {
    const { stream } = await closed(world)
    await expect(world.store.streams.info(stream)).resolves.toMatchObject({ stream, version: 10, firstVersion: 7 })
  })

  truncating('closes the books of one stream only', async (world) => {
    const { store, unique } = world
    const other = unique('account')
    await store.append({ stream: other, events: samples(10) })
    await closed(world)
    expect(await streamEvents(store, other)).toHaveLength(10)
  })

  truncating('may close the books of a stream that is being read', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(20) })
    const seen: number[] = []
    for await (const page of store.readStream(stream, { pageSize: 4 })) {
      seen.push(...versionsOf(page))
      if (seen.length === 4) await store.streams.truncate(stream, { before: 20 })
    }
    // One page may be on its way already.
    expect([upTo(4), upTo(8)]).toContainEqual(seen.slice(0, -1))
    expect(seen.at(-1)).toBe(20)
  })

  truncating(
    'leads links to events that were closed in their own stream',
    async (world) => {
      const { store, unique } = world
      const { stream, events } = await closed(world)
      const audit = unique('audit')
      await store.append({ stream: audit, events: events.map((event) => newLink(event, systemRuntime.uuid())) })
      expect(idsOf(await streamEvents(store, audit))).toEqual(idsOf(events))
      await store.streams.truncate(audit, { before: 9 })
      expect(versionsOf(await streamEvents(store, audit))).toEqual([9, 10])
      expect(versionsOf(await streamEvents(store, stream))).toEqual([7, 8, 9, 10])
    },
    'links',
  )

  truncating(
    'keeps the snapshots of a stream',
    async ({ store, unique }) => {
      const stream = unique('account')
      const { position } = await store.append({ stream, events: samples(3) })
      await store.snapshots.save({ stream, version: 2, position: position - 1, schemaVersion: 1, state: '{}' })
      await store.streams.truncate(stream, { before: 3 })
      await expect(store.snapshots.load(stream, 1)).resolves.toMatchObject({ version: 2 })
    },
    'snapshots',
  )

  truncating(
    'refuses to close the books of a deleted stream, and tells of none whether they were closed',
    async (world) => {
      const { stream } = await closed(world)
      await world.store.streams.delete(stream, { expectedVersion: 10 })
      await rejectsWith('stream-deleted', () => world.store.streams.truncate(stream, { before: 8 }))
      await rejectsWith('stream-deleted', () => streamEvents(world.store, stream))
      expect(await logEvents(world.store, { after: world.start })).toHaveLength(10)
    },
    'deletes',
  )

  truncating(
    'is seen by other processes, also by one that starts later',
    async (world) => {
      const { stream } = await closed(world)
      const third = await world.another()
      for (const other of [await world.neighbour(), third]) {
        expect(versionsOf(await streamEvents(other, stream))).toEqual([7, 8, 9, 10])
      }
      await third.stop()
    },
    'several processes',
  )

  truncating(
    'keeps the furthest of truncations in two processes, while a third appends',
    async ({ store, neighbour, unique }) => {
      const stream = unique('account')
      await store.append({ stream, events: samples(20) })
      const stores = [store, await neighbour()]
      const [marks] = await Promise.all([
        Promise.all(upTo(20).map((before) => stores[before % 2]!.streams.truncate(stream, { before }))),
        Promise.all(upTo(10).map(() => store.append({ stream, events: [sample()] }))),
      ])
      for (const [index, { firstVersion }] of marks.entries()) expect(firstVersion).toBeGreaterThanOrEqual(index + 1)
      expect(versionsOf(await streamEvents(store, stream))).toEqual(upTo(11).map((n) => n + 19))
    },
    'several processes',
  )

  truncating(
    'lets a truncation and a delete meet: the stream is deleted in the end',
    async ({ store, neighbour, unique }) => {
      const other = await neighbour()
      for (let turn = 0; turn < 10; turn++) {
        const stream = unique('account')
        await store.append({ stream, events: samples(5) })
        const [truncation] = await Promise.allSettled([
          store.streams.truncate(stream, { before: 3 }),
          other.streams.delete(stream),
        ])
        if (truncation.status === 'rejected') expect(truncation.reason).toMatchObject({ code: 'stream-deleted' })
        await rejectsWith('stream-deleted', () => streamEvents(store, stream))
      }
    },
    'several processes',
    'deletes',
  )
}
