import type { Area } from '../area.js'
import { idsOf, logEvents, positionsOf, sample, samples, streamEvents, upTo, versionsOf } from '../sample-events.js'

export const appending: Area = (scenario) => {
  scenario('answers with the version of the stream and the position of the last event', async ({ store, unique }) => {
    const stream = unique('account')
    const appended = await store.append({ stream, events: samples(3) })
    const last = (await streamEvents(store, stream)).at(-1)
    expect(appended).toEqual({ version: 3, position: last?.position })
  })

  scenario('numbers the events of a stream from 1, without a gap, from append to append', async ({ store, unique }) => {
    const stream = unique('account')
    for (const count of [1, 3, 2]) await store.append({ stream, events: samples(count) })
    expect(versionsOf(await streamEvents(store, stream))).toEqual(upTo(6))
  })

  scenario('places the events of one append next to each other in the log', async ({ store, unique }) => {
    const stream = unique('account')
    const { position } = await store.append({ stream, events: samples(5) })
    expect(positionsOf(await streamEvents(store, stream))).toEqual(upTo(5).map((n) => position - 5 + n))
  })

  scenario('keeps the order in which the events of one append were given', async ({ store, unique }) => {
    const stream = unique('account')
    const events = samples(100).reverse()
    await store.append({ stream, events })
    expect(idsOf(await streamEvents(store, stream))).toEqual(idsOf(events))
  })

  scenario('gives positions that are positive and grow from append to append, whatever the stream', async ({ store, unique }) => {
    const positions: number[] = []
    for (let turn = 0; turn < 5; turn++) {
      positions.push((await store.append({ stream: unique('account'), events: samples(2) })).position)
    }
    expect(positions[0]).toBeGreaterThan(0)
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b))
  })

  scenario('gives back id, type, schema version, data, metadata and tags as they were given', async ({ store, unique }) => {
    const stream = unique('account')
    const event = sample({
      type: 'account-opened.by-hand',
      schemaVersion: 32_767,
      data: '{"owner": "Ann",  "limits": [1, 2]}',
      metadata: '{"actor": "clerk-7", "user": {"branch": "Zürich"}}',
      tags: ['email:ann@example.com', 'branch:Zürich'],
    })
    await store.append({ stream, events: [event] })
    const [stored] = await streamEvents(store, stream)
    expect(stored).toMatchObject({ ...event, stream, version: 1 })
  })

  scenario('stores events of several types and schema versions in one append', async ({ store, unique }) => {
    const stream = unique('account')
    const events = [
      sample({ type: 'account-opened', schemaVersion: 2 }),
      sample(),
      sample({ type: 'account-closed', schemaVersion: 9 }),
    ]
    await store.append({ stream, events })
    const stored = await streamEvents(store, stream)
    expect(stored.map(({ type, schemaVersion }) => [type, schemaVersion])).toEqual([
      ['account-opened', 2],
      ['money-deposited', 1],
      ['account-closed', 9],
    ])
  })

  scenario('takes an event of 32 tags of 256 characters', async ({ store, unique }) => {
    const stream = unique('account')
    const tags = upTo(32).map((n) => `${n}:`.padEnd(256, 'é'))
    await store.append({ stream, events: [sample({ tags })] })
    expect((await streamEvents(store, stream))[0]?.tags).toEqual(tags)
  })

  scenario('dates events by its own clock, which never runs back along the log', async ({ store, start, unique }) => {
    const streams = [unique('account'), unique('account')]
    for (let turn = 0; turn < 10; turn++) await store.append({ stream: streams[turn % 2]!, events: samples(2) })
    const times = (await logEvents(store, { after: start })).map(({ createdAt }) => createdAt.getTime())
    expect(times).toHaveLength(20)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    // The server's clock may be off, but not by a day.
    expect(Math.abs(times[0]! - Date.now())).toBeLessThan(86_400_000)
  })

  scenario('can be read as soon as it is acknowledged', async ({ store, unique }) => {
    const stream = unique('account')
    for (let version = 1; version <= 20; version++) {
      const { position } = await store.append({ stream, events: [sample()] })
      expect((await store.head()).position).toBeGreaterThanOrEqual(position)
      expect(await streamEvents(store, stream, { fromVersion: version })).toHaveLength(1)
      expect(await logEvents(store, { after: position - 1, upTo: position })).toHaveLength(1)
    }
  })

  scenario(
    'can be read by another process as soon as it is acknowledged',
    async ({ store, neighbour, unique }) => {
      const stream = unique('account')
      const reader = await neighbour()
      for (let version = 1; version <= 20; version++) {
        await store.append({ stream, events: [sample()] })
        expect(await streamEvents(reader, stream, { fromVersion: version, durable: version % 2 === 0 })).toHaveLength(1)
      }
    },
    'several processes',
  )

  scenario('answers an append without events with the stream as it is, and stores nothing', async ({ store, start, unique }) => {
    const stream = unique('account')
    const appended = await store.append({ stream, events: samples(2) })
    await expect(store.append({ stream, events: [] })).resolves.toEqual(appended)
    expect(await logEvents(store, { after: start })).toHaveLength(2)
  })

  scenario('answers an append without events to an absent stream with version 0 and position 0', async ({ store, unique }) => {
    const stream = unique('account')
    await expect(store.append({ stream, events: [] })).resolves.toEqual({ version: 0, position: 0 })
    await expect(store.append({ stream, events: [sample()], expectedVersion: 'no-stream' })).resolves.toMatchObject({
      version: 1,
    })
  })

  scenario('tells streams apart whose names differ in case, accents or blanks only', async ({ store, unique }) => {
    const name = unique('account')
    const streams = [`${name}e`, `${name}E`, `${name}é`, `${name}e\u0301`, `${name}e `, ` ${name}e`, `${name}%`, `${name}_`]
    for (const [index, stream] of streams.entries()) await store.append({ stream, events: samples(index + 1) })
    for (const [index, stream] of streams.entries()) expect(await streamEvents(store, stream)).toHaveLength(index + 1)
  })

  for (const [what, name] of Object.entries({
    'of 1,000 bytes': 'n'.repeat(960),
    'of emoji and of letters of every script': '💶 Ωмега 計算 عربى',
    'that looks like SQL': `'); drop table events; --`,
    'full of quotes and backslashes': `"'\`\\\\$1 %s {}`,
    "that is one of Writ's own": '$journal',
  })) {
    scenario(`takes a stream name ${what}`, async ({ store, unique }) => {
      const stream = name.startsWith('$') ? unique(name) : `${name}${unique('')}`.slice(0, 1_000)
      await store.append({ stream, events: samples(2) })
      expect((await streamEvents(store, stream)).map((event) => event.stream)).toEqual([stream, stream])
    })
  }

  scenario(
    'keeps stream names, types and tags that mean something to others, to the letter',
    async ({ store, start, unique }) => {
      const strange = [
        'NULL',
        'null',
        '\\N',
        '\\.',
        '{a,b}',
        '"quoted"',
        "it's",
        'a\\',
        ' a ',
        ',',
        '{',
        '%',
        '$1',
        '💶',
        '\u00a0',
        '0',
      ]
      // Types that begin with `$` and streams that do are Writ's own.
      const types = strange.filter((text) => !text.startsWith('$'))
      const stream = `${unique('account')} ${strange.join(' ')}`
      for (const type of types)
        await store.append({ stream, events: [sample({ type, tags: [type] }), sample({ tags: strange })] })
      for (const stored of [await streamEvents(store, stream), await logEvents(store, { after: start })]) {
        expect(stored.map((event) => [event.stream, event.type, event.tags])).toEqual(
          types.flatMap((type) => [
            [stream, type, [type]],
            [stream, 'money-deposited', strange],
          ]),
        )
      }
    },
  )

  scenario(
    'stores 10,000 events in one append, whole and in order',
    async ({ store, unique }) => {
      const stream = unique('account')
      const events = samples(10_000)
      await expect(store.append({ stream, events })).resolves.toMatchObject({ version: 10_000 })
      const stored = await streamEvents(store, stream)
      expect(idsOf(stored)).toEqual(idsOf(events))
      expect(versionsOf(stored)).toEqual(upTo(10_000))
    },
    'large appends',
  )
}
