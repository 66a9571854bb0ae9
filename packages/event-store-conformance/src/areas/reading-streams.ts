import type { Area } from '../area.js'
import { allOf, idsOf, sample, samples, streamEvents, upTo, versionsOf } from '../sample-events.js'

export const readingStreams: Area = (scenario) => {
  scenario('finds no events in an absent stream', async ({ store, unique }) => {
    expect(await streamEvents(store, unique('account'))).toEqual([])
    expect(await streamEvents(store, unique('account'), { durable: false })).toEqual([])
  })

  scenario('gives the events of one stream only', async ({ store, unique }) => {
    const [stream, other] = [unique('account'), unique('account')]
    const events = samples(3)
    for (const event of events) {
      await store.append({ stream, events: [event] })
      await store.append({ stream: other, events: [sample()] })
    }
    expect(idsOf(await streamEvents(store, stream))).toEqual(idsOf(events))
  })

  scenario('gives the same events whether or not they must be durable', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(7) })
    expect(await streamEvents(store, stream, { durable: false })).toEqual(await streamEvents(store, stream, { durable: true }))
  })

  scenario('gives the same events as the log', async ({ store, start, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(4, { tags: ['a'], metadata: '{"actor":"ann"}' }) })
    expect(await streamEvents(store, stream)).toEqual(await allOf(store.readAll({ after: start })))
  })

  scenario('reads from a version on, which is included', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(5) })
    expect(versionsOf(await streamEvents(store, stream, { fromVersion: 3 }))).toEqual([3, 4, 5])
  })

  scenario('reads from the first event on when asked for version 0', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(2) })
    expect(versionsOf(await streamEvents(store, stream, { fromVersion: 0 }))).toEqual([1, 2])
  })

  scenario('reads up to a version, which is included', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(5) })
    expect(versionsOf(await streamEvents(store, stream, { toVersion: 2 }))).toEqual([1, 2])
    expect(versionsOf(await streamEvents(store, stream, { fromVersion: 2, toVersion: 4 }))).toEqual([2, 3, 4])
    expect(versionsOf(await streamEvents(store, stream, { toVersion: 0 }))).toEqual([])
  })

  scenario('finds nothing beyond the end, nor from a later to an earlier version', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(5) })
    expect(await streamEvents(store, stream, { fromVersion: 6 })).toEqual([])
    expect(await streamEvents(store, stream, { fromVersion: Number.MAX_SAFE_INTEGER })).toEqual([])
    expect(await streamEvents(store, stream, { fromVersion: 4, toVersion: 3 })).toEqual([])
    expect(versionsOf(await streamEvents(store, stream, { toVersion: Number.MAX_SAFE_INTEGER }))).toEqual(upTo(5))
  })

  scenario(
    'reads backwards, from the last event to the first',
    async ({ store, unique }) => {
      const stream = unique('account')
      await store.append({ stream, events: samples(5) })
      expect(versionsOf(await streamEvents(store, stream, { direction: 'backwards' }))).toEqual([5, 4, 3, 2, 1])
    },
    'backwards reads',
  )

  scenario(
    'takes the bounds in log order when it reads backwards',
    async ({ store, unique }) => {
      const stream = unique('account')
      await store.append({ stream, events: samples(6) })
      const versions = async (options: object) =>
        versionsOf(await streamEvents(store, stream, { direction: 'backwards', ...options }))
      expect(await versions({ fromVersion: 3 })).toEqual([6, 5, 4, 3])
      expect(await versions({ toVersion: 3 })).toEqual([3, 2, 1])
      expect(await versions({ fromVersion: 2, toVersion: 4, pageSize: 2 })).toEqual([4, 3, 2])
    },
    'backwards reads',
  )

  scenario(
    'finds the last event by reading one backwards',
    async ({ store, unique }) => {
      const stream = unique('account')
      await store.append({ stream, events: samples(20) })
      expect(versionsOf(await streamEvents(store, stream, { direction: 'backwards', limit: 1 }))).toEqual([20])
    },
    'backwards reads',
  )

  scenario('gives no more events than the limit, over all pages', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(10) })
    for (const limit of [0, 1, 4, 5, 10, 11]) {
      const events = await streamEvents(store, stream, { limit, pageSize: 4 })
      expect(versionsOf(events)).toEqual(upTo(Math.min(limit, 10)))
    }
  })

  for (const pageSize of [1, 3, 5, 10, 11]) {
    scenario(
      `gives every event once in pages of at most ${pageSize}, and no empty page`,
      async ({ store, unique }) => {
        const stream = unique('account')
        await store.append({ stream, events: samples(10) })
        for (const direction of ['forwards', 'backwards'] as const) {
          const versions: number[] = []
          for await (const page of store.readStream(stream, { pageSize, direction })) {
            expect(page.length).toBeLessThanOrEqual(pageSize)
            expect(page.length).toBeGreaterThan(0)
            versions.push(...versionsOf(page))
          }
          expect(versions).toEqual(direction === 'forwards' ? upTo(10) : upTo(10).reverse())
        }
      },
      'backwards reads',
    )
  }

  scenario('reads a stream of 2,500 events in pages of its own choice', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(2_500) })
    const sizes: number[] = []
    for await (const page of store.readStream(stream)) sizes.push(page.length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2_500)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000)
  })

  scenario('may be left in the middle of a read, again and again', async ({ store, unique }) => {
    // A read that is not read to its end must give back whatever it holds: a pool of ten would be empty after ten of them.
    const stream = unique('account')
    await store.append({ stream, events: samples(10) })
    for (let turn = 0; turn < 50; turn++) {
      for await (const page of store.readStream(stream, { pageSize: 2 })) {
        expect(versionsOf(page)).toEqual([1, 2])
        break
      }
    }
    await expect(store.append({ stream, events: [sample()] })).resolves.toMatchObject({ version: 11 })
  })

  scenario('can append to the stream that it is reading', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(4) })
    const seen: number[] = []
    for await (const page of store.readStream(stream, { pageSize: 2, toVersion: 4 })) {
      seen.push(...versionsOf(page))
      await store.append({ stream, events: [sample()] })
    }
    expect(seen).toEqual([1, 2, 3, 4])
    expect(await streamEvents(store, stream)).toHaveLength(6)
  })

  scenario('can be read by many at a time', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(50) })
    const reads = await Promise.all(upTo(30).map((n) => streamEvents(store, stream, { pageSize: n })))
    for (const events of reads) expect(versionsOf(events)).toEqual(upTo(50))
  })
}
