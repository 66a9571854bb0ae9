import {
  Event,
  type EventStore,
  EventTypes,
  type NewEvent,
  newLink,
  type StoredEvent,
  systemRuntime,
  upcaster,
} from '@writ/event-store'
import { z } from 'zod'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { idsOf, logEvents, positionsOf, sample, samples, streamEvents, upTo, versionsOf } from '../sample-events.js'

const linkTo = (event: Parameters<typeof newLink>[0]) => newLink(event, systemRuntime.uuid())
/** A link that leads nowhere. */
const dangling = () => linkTo({ position: Number.MAX_SAFE_INTEGER, id: systemRuntime.uuid() })

/** Appends events to a stream and gives them back as they were stored. */
async function stored(store: EventStore, stream: string, events: readonly NewEvent[]): Promise<StoredEvent[]> {
  await store.append({ stream, events })
  return streamEvents(store, stream)
}

export const links: Area = (scenario) => {
  const linked: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'links', ...needs)

  linked('gives an event at the place of the link to it, and says where it comes from', async ({ store, unique }) => {
    const [stream, other] = [unique('account'), unique('audit')]
    const given = { metadata: '{"actor":"ann"}', tags: ['a', 'b'], data: '{"a": 1.50}', schemaVersion: 3 }
    const [, event] = await stored(store, stream, [sample(), sample(given)])
    await store.append({ stream: other, events: samples(2) })
    const { version, position } = await store.append({ stream: other, events: [linkTo(event!)] })
    expect((await streamEvents(store, other))[2]).toEqual({
      ...event,
      stream: other,
      version,
      position,
      origin: { stream, version: 2, position: event!.position },
    })
    expect(version).toBe(3)
  })

  linked('gives an event of an older shape as the same events of today by a link', async ({ store, unique }) => {
    const [stream, type] = [unique('account'), `was-${unique('x')}`]
    const Paid = Event('paid', z.object({ to: z.string(), at: z.string(), cents: z.int() }))
    const types = new EventTypes([Paid], {
      upcasters: [
        upcaster({
          from: { type, schemaVersion: 1 },
          to: [Paid],
          upcast: ({ amounts }: { amounts: number[] }, { stream, version, position, createdAt }) =>
            amounts.map((cents) => ({ paid: { to: `${stream} ${version} ${position}`, at: createdAt.toISOString(), cents } })),
        }),
      ],
    })
    const [, event] = await stored(store, stream, [sample(), sample({ type, data: '{"amounts":[1,2]}' })])
    const other = unique('audit')
    const [link] = await stored(store, other, [linkTo(event!)])
    const written = types.decode(event!)
    expect(written.map(({ data, part }) => [{ ...data }, part])).toMatchObject([
      [{ to: `${stream} 2 ${event!.position}`, cents: 1 }, 0],
      [{ to: `${stream} 2 ${event!.position}`, cents: 2 }, 1],
    ])
    expect(types.decode(link!).map(({ id, data, part }) => [id, data, part])).toEqual(
      written.map(({ id, data, part }) => [id, data, part]),
    )
    expect(types.decode(link!)).toMatchObject([{ stream: other }, { stream: other }])
  })

  linked('says of no other event where it comes from', async ({ store, start, unique }) => {
    const events = [...(await stored(store, unique('account'), samples(2))), ...(await logEvents(store, { after: start }))]
    for (const event of events) expect(event).not.toHaveProperty('origin')
  })

  linked('gives an event once in the log, where it was written', async ({ store, start, unique }) => {
    const stream = unique('account')
    const events = await stored(store, stream, samples(3))
    for (const other of [unique('audit'), unique('audit')]) await store.append({ stream: other, events: events.map(linkTo) })
    expect(await logEvents(store, { after: start })).toEqual(events)
    expect(await logEvents(store, { after: start, pageSize: 1 })).toEqual(events)
  })

  linked(
    'leaves links out of the log when it is read backwards',
    async ({ store, start, unique }) => {
      const events = await stored(store, unique('account'), samples(3))
      await store.append({ stream: unique('audit'), events: events.map(linkTo) })
      expect(await logEvents(store, { after: start, direction: 'backwards' })).toEqual([...events].reverse())
    },
    'backwards reads',
  )

  linked('ends the log at a link, where one is the last record', async ({ store, start, unique }) => {
    const [event] = await stored(store, unique('account'), [sample()])
    const { position } = await store.append({ stream: unique('audit'), events: [linkTo(event!)] })
    expect((await store.head()).position).toBe(position)
    expect(positionsOf(await logEvents(store, { after: start }))).toEqual([event!.position])
    expect(await logEvents(store, { after: event!.position })).toEqual([])
  })

  linked('finds the event behind two thousand links', async ({ store, start, unique }) => {
    const [event] = await stored(store, unique('account'), [sample()])
    await store.append({ stream: unique('audit'), events: upTo(2_000).map(() => linkTo(event!)) })
    const last = sample()
    await store.append({ stream: unique('account'), events: [last] })
    expect(idsOf(await logEvents(store, { after: start + 1, limit: 1 }))).toEqual([last.id])
    expect(await logEvents(store, { after: start, pageSize: 10 })).toHaveLength(2)
  })

  linked('takes links and events in one append, and keeps their order', async ({ store, unique }) => {
    const [one, two, three] = await stored(store, unique('account'), samples(3))
    const [first, last] = samples(2)
    const stream = unique('audit')
    const appended = await store.append({ stream, events: [first!, linkTo(three!), linkTo(one!), last!, linkTo(two!)] })
    const events = await streamEvents(store, stream)
    expect(idsOf(events)).toEqual([first!.id, three!.id, one!.id, last!.id, two!.id])
    expect(versionsOf(events)).toEqual(upTo(5))
    expect(positionsOf(events)).toEqual(upTo(5).map((n) => appended.position - 5 + n))
  })

  linked('holds links to the expected version', async ({ store, unique }) => {
    const [event] = await stored(store, unique('account'), [sample()])
    const stream = unique('audit')
    const append = (expectedVersion: number | 'no-stream' | 'stream-exists') =>
      store.append({ stream, events: [linkTo(event!)], expectedVersion })
    await rejectsWith('wrong-expected-version', () => append('stream-exists'))
    await append('no-stream')
    await rejectsWith('wrong-expected-version', () => append('no-stream'))
    await expect(append(1)).resolves.toMatchObject({ version: 2 })
    await expect(append('stream-exists')).resolves.toMatchObject({ version: 3 })
  })

  linked('hands over the events themselves where links were missed', async ({ store, unique }) => {
    const [one, two] = await stored(store, unique('account'), samples(2))
    const stream = unique('audit')
    await store.append({ stream, events: [linkTo(one!), sample(), linkTo(two!)] })
    const attempt = { stream, events: [sample()], expectedVersion: 0 }
    const error = await rejectsWith('wrong-expected-version', () => store.append(attempt))
    expect(error).toMatchObject({ actualVersion: 3, missed: await streamEvents(store, stream) })
  })

  linked('stores a link once that is appended twice with the same id', async ({ store, unique }) => {
    const [event] = await stored(store, unique('account'), [sample()])
    const append = { stream: unique('audit'), events: [linkTo(event!), sample()], expectedVersion: 0 }
    const first = await store.append(append)
    await expect(store.append(append)).resolves.toEqual(first)
    expect(await streamEvents(store, append.stream)).toHaveLength(2)
  })

  linked('refuses the id of a link for a link to another event', async ({ store, unique }) => {
    const [one, two] = await stored(store, unique('account'), samples(2))
    const stream = unique('audit')
    const id = systemRuntime.uuid()
    await store.append({ stream, events: [newLink(one!, id)] })
    await rejectsWith('event-id-conflict', () => store.append({ stream, events: [newLink(two!, id)] }))
  })

  linked('leads a link to what was read by a link to the original', async ({ store, unique }) => {
    const [one, two, three] = [unique('account'), unique('audit'), unique('audit')]
    const [event] = await stored(store, one, [sample()])
    const [onceRemoved] = await stored(store, two, [linkTo(event!)])
    const [twiceRemoved] = await stored(store, three, [linkTo(onceRemoved!)])
    expect(twiceRemoved).toMatchObject({ id: event!.id, stream: three, version: 1 })
    expect(twiceRemoved!.origin).toEqual({ stream: one, version: 1, position: event!.position })
  })

  linked('links an event several times, also into its own stream', async ({ store, unique }) => {
    const stream = unique('account')
    const [event] = await stored(store, stream, [sample()])
    await store.append({ stream, events: [linkTo(event!), linkTo(event!)] })
    const events = await streamEvents(store, stream)
    expect(idsOf(events)).toEqual([event!.id, event!.id, event!.id])
    expect(versionsOf(events)).toEqual([1, 2, 3])
  })

  linked('leaves a link out that leads nowhere, or to another event', async ({ store, unique }) => {
    const [one, two] = await stored(store, unique('account'), samples(2))
    const stream = unique('audit')
    const misled = linkTo({ position: one!.position, id: two!.id })
    await store.append({ stream, events: [dangling(), linkTo(one!), misled, linkTo(two!), dangling()] })
    const events = await streamEvents(store, stream)
    expect(versionsOf(events)).toEqual([2, 4])
    await expect(store.append({ stream, events: [sample()], expectedVersion: 5 })).resolves.toMatchObject({ version: 6 })
  })

  linked('does not follow a link to a link', async ({ store, unique }) => {
    const [event] = await stored(store, unique('account'), [sample()])
    const link = linkTo(event!)
    const { position } = await store.append({ stream: unique('audit'), events: [link] })
    const stream = unique('audit')
    await store.append({ stream, events: [linkTo({ position, id: link.id })] })
    expect(await streamEvents(store, stream)).toEqual([])
  })

  for (const pageSize of [1, 2, 3, 7, 100]) {
    linked(
      `gives links and events once in pages of at most ${pageSize}, and no empty page, whatever leads nowhere`,
      async ({ store, unique }) => {
        const [event] = await stored(store, unique('account'), [sample()])
        const stream = unique('audit')
        const kinds = [() => linkTo(event!), dangling, dangling, dangling, sample, dangling]
        await store.append({ stream, events: upTo(30).map((n) => kinds[n % kinds.length]!()) })
        const expected = upTo(30).filter((n) => [0, 4].includes(n % 6))
        for (const direction of ['forwards', 'backwards'] as const) {
          const seen: number[] = []
          for await (const page of store.readStream(stream, { pageSize, direction })) {
            expect(page.length).toBeGreaterThan(0)
            expect(page.length).toBeLessThanOrEqual(pageSize)
            seen.push(...versionsOf(page))
          }
          expect(seen).toEqual(direction === 'forwards' ? expected : [...expected].reverse())
        }
      },
      'backwards reads',
    )
  }

  linked('counts what it gives towards the limit, not what leads nowhere', async ({ store, unique }) => {
    const [event] = await stored(store, unique('account'), [sample()])
    const stream = unique('audit')
    await store.append({ stream, events: upTo(20).map((n) => (n % 2 === 0 ? linkTo(event!) : dangling())) })
    for (const pageSize of [1, 3, 100]) {
      expect(versionsOf(await streamEvents(store, stream, { limit: 4, pageSize }))).toEqual([2, 4, 6, 8])
    }
  })

  linked('reads links by version, from one and up to another', async ({ store, unique }) => {
    const [event] = await stored(store, unique('account'), [sample()])
    const stream = unique('audit')
    await store.append({ stream, events: upTo(6).map(() => linkTo(event!)) })
    expect(versionsOf(await streamEvents(store, stream, { fromVersion: 2, toVersion: 4 }))).toEqual([2, 3, 4])
  })

  linked('gives 2,500 links in pages of its own choice', async ({ store, unique }) => {
    const events = await stored(store, unique('account'), samples(50))
    const stream = unique('audit')
    await store.append({ stream, events: upTo(2_500).map((n) => linkTo(events[n % 50]!)) })
    const found = await streamEvents(store, stream)
    expect(versionsOf(found)).toEqual(upTo(2_500))
    for (const { id, version } of found) expect(id).toBe(events[version % 50]!.id)
  })

  linked(
    'never matches a link with a query, by type or tag',
    async ({ store, start, unique }) => {
      const tag = unique('tag')
      const type = unique('type')
      const [event] = await stored(store, unique('account'), [sample({ type, tags: [tag] })])
      await store.append({ stream: unique('audit'), events: [linkTo(event!), linkTo(event!)] })
      for (const item of [{ tags: [tag] }, { types: [type] }, { types: [type], tags: [tag] }]) {
        expect(await logEvents(store, { after: start, query: { items: [item] } })).toEqual([event])
      }
      const reserved = { items: [{ types: ['$link'] }] }
      await rejectsWith('invalid-read', () => logEvents(store, { after: start, query: reserved }))
    },
    'queries',
  )

  linked(
    'never fails a condition because of a link',
    async ({ store, unique }) => {
      const tag = unique('tag')
      const [event] = await stored(store, unique('account'), [sample({ tags: [tag] })])
      const { position } = await store.append({ stream: unique('audit'), events: [linkTo(event!)] })
      expect(position).toBeGreaterThan(event!.position)
      const condition = { failIfMatch: { items: [{ tags: [tag] }] }, after: event!.position }
      await expect(store.append({ stream: unique('account'), events: [sample()], condition })).resolves.toBeDefined()
      const earlier = { ...condition, after: event!.position - 1 }
      await rejectsWith('append-condition-failed', () =>
        store.append({ stream: unique('account'), events: [sample()], condition: earlier }),
      )
    },
    'conditions',
  )

  const link = linkTo({ position: 7, id: systemRuntime.uuid() })
  for (const [what, given] of Object.entries<Partial<NewEvent>>({
    "a type of Writ's own that is none": { type: '$own' },
    'the type of a tombstone': { type: '$stream-deleted' },
    'the type of a link with other data': { type: '$link', schemaVersion: 0, data: '{"position":1}' },
    'a link to position 0': { ...link, data: link.data.replace('7', '0') },
    'a link to a position that is no integer': { ...link, data: link.data.replace('7', '7.5') },
    'a link with a schema version': { ...link, schemaVersion: 1 },
    'a link with tags': { ...link, tags: ['a'] },
    'a link with metadata': { ...link, metadata: '{"actor":"ann"}' },
  })) {
    linked(`refuses ${what}, and writes nothing`, async ({ store, unique }) => {
      const stream = unique('account')
      await rejectsWith('invalid-append', () => store.append({ stream, events: [sample(), sample({ ...given })] }))
      expect(await streamEvents(store, stream)).toEqual([])
    })
  }

  linked(
    'shows links to another process, and takes those of one that read the event there',
    async ({ store, neighbour, another, unique }) => {
      const other = await neighbour()
      const [event] = await stored(store, unique('account'), [sample()])
      const stream = unique('audit')
      await Promise.all([store, other].map((one) => one.append({ stream, events: [linkTo(event!)] })))
      const third = await another()
      expect(idsOf(await streamEvents(third, stream))).toEqual([event!.id, event!.id])
      await third.stop()
    },
    'several processes',
  )
}
