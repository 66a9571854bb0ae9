import { Event, EventTypes, MAX_EVENT_BYTES, type StoredEvent, upcaster, type WrongExpectedVersionError } from '@writ/event-store'
import { z } from 'zod'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { logEvents, sample, streamEvents } from '../sample-events.js'
import { payloadTexts } from './payload-texts.js'

const all = Object.values(payloadTexts).flat()

export const payloads: Area = (scenario) => {
  for (const [what, texts] of Object.entries(payloadTexts)) {
    scenario(`keeps data and metadata with ${what} to the letter`, async ({ store, start, unique }) => {
      const stream = unique('account')
      // Each alone, as most appends are, and all in one.
      for (const data of texts) await store.append({ stream, events: [sample({ data, metadata: `{"user":${data}}` })] })
      await store.append({ stream, events: texts.map((data) => sample({ data, metadata: `{"user":${data}}` })) })
      const expected = [...texts, ...texts]
      for (const stored of [await streamEvents(store, stream), await logEvents(store, { after: start })]) {
        expectTexts(stored, ({ data }) => data, expected)
        expectTexts(
          stored,
          ({ metadata }) => metadata,
          expected.map((data) => `{"user":${data}}`),
        )
      }
    })
  }

  scenario(
    `keeps ${all.length} strange texts to the letter in pages of any size, backwards as well`,
    async ({ store, unique }) => {
      const stream = unique('account')
      await store.append({ stream, events: all.map((data) => sample({ data })) })
      for (const pageSize of [1, 7, 1_000]) {
        expectTexts(await streamEvents(store, stream, { pageSize }), ({ data }) => data, all)
        const backwards = await streamEvents(store, stream, { pageSize, direction: 'backwards' })
        expectTexts(backwards, ({ data }) => data, [...all].reverse())
      }
    },
    'backwards reads',
  )

  scenario('hands missed events over to the letter', async ({ store, unique }) => {
    const texts = all.slice(0, 100)
    const stream = unique('account')
    await store.append({ stream, events: texts.map((data) => sample({ data })) })
    const error = await rejectsWith<WrongExpectedVersionError>('wrong-expected-version', () =>
      store.append({ stream, events: [sample()], expectedVersion: 0 }),
    )
    expectTexts(error.missed ?? [], ({ data }) => data, texts)
  })

  scenario('answers an append that is repeated, whatever its text', async ({ store, start, unique }) => {
    const append = { stream: unique('account'), events: all.map((data) => sample({ data })), expectedVersion: 0 }
    const first = await store.append(append)
    await expect(store.append(append)).resolves.toEqual(first)
    expect(await logEvents(store, { after: start })).toHaveLength(all.length)
  })

  scenario(
    'keeps what another process wrote to the letter',
    async ({ store, neighbour, unique }) => {
      const stream = unique('account')
      await (await neighbour()).append({ stream, events: all.map((data) => sample({ data })) })
      expectTexts(await streamEvents(store, stream), ({ data }) => data, all)
    },
    'several processes',
  )

  scenario('keeps to the letter what is read as something else today', async ({ store, start, unique }) => {
    const [stream, type] = [unique('account'), `was-${unique('x')}`]
    const today = Event('money-paid', z.object({ cents: z.string() }), { schemaVersion: 3 })
    const types = new EventTypes([today], {
      upcasters: [
        upcaster({ from: { type, schemaVersion: 1 }, to: { type: 'money-paid', schemaVersion: 2 }, upcast: (data) => data }),
        upcaster({ from: { type: 'money-paid', schemaVersion: 1 }, to: [] }),
        upcaster({
          from: { type: 'money-paid', schemaVersion: 2 },
          to: [today],
          upcast: ({ a }: { a: number[] }) => a.map((cents) => ({ 'money-paid': { cents: `${cents}` } })),
        }),
      ],
    })
    const text = '{ "a" : [1.0, 2e0],\t"b":"\\u00e9" }'
    const metadata = '{ "actor" : "ann" }'
    await store.append({ stream, events: [sample({ type, data: text, metadata })] })
    for (const _round of ['before', 'after']) {
      const [stored] = await streamEvents(store, stream)
      expect(stored).toMatchObject({ type, schemaVersion: 1, data: text, metadata })
      const read = types.decode(stored!)
      expect(read.map(({ type, schemaVersion, part, data }) => [type, schemaVersion, part, { ...data }])).toEqual([
        ['money-paid', 3, 0, { cents: '1' }],
        ['money-paid', 3, 1, { cents: '2' }],
      ])
      expect((await logEvents(store, { after: start })).filter((event) => event.stream === stream)).toEqual([stored])
    }
  })

  for (const [what, letter] of Object.entries({ 'plain letters': 'x', 'letters of two bytes': 'é', emoji: '💶' })) {
    scenario(
      `stores an event of exactly 1 MiB, or a byte less, in ${what}, and refuses one of a byte more`,
      async ({ store, unique }) => {
        for (const bytes of [MAX_EVENT_BYTES - 1, MAX_EVENT_BYTES]) {
          const stream = unique('account')
          const event = weighing(bytes, letter)
          await store.append({ stream, events: [event] })
          const [stored] = await streamEvents(store, stream)
          // Compared by hand: Jest would print a megabyte.
          expect(stored?.data === event.data && stored.metadata === event.metadata).toBe(true)
        }
        const stream = unique('account')
        await rejectsWith('invalid-append', () => store.append({ stream, events: [weighing(MAX_EVENT_BYTES + 1, letter)] }))
        expect(await streamEvents(store, stream)).toEqual([])
      },
      'large events',
    )
  }

  scenario(
    'stores ten events of 1 MiB in one append, and reads them in one page',
    async ({ store, unique }) => {
      const stream = unique('account')
      const events = Array.from({ length: 10 }, () => weighing(MAX_EVENT_BYTES, 'x'))
      await store.append({ stream, events })
      const stored = await streamEvents(store, stream)
      expect(stored.map(({ data }) => data.length)).toEqual(events.map(({ data }) => data.length))
    },
    'large events',
  )
}

/** An event whose data and metadata weigh so many bytes as UTF-8. */
function weighing(bytes: number, letter: string) {
  const metadata = '{"actor":"ann"}'
  const room = bytes - Buffer.byteLength(metadata) - Buffer.byteLength('{"text":""}')
  const weight = Buffer.byteLength(letter)
  return sample({ metadata, data: `{"text":"${letter.repeat(Math.floor(room / weight))}${'.'.repeat(room % weight)}"}` })
}

/** Compared by hand: Jest would print a hundred thousand letters. */
function expectTexts(stored: readonly StoredEvent[], textOf: (event: StoredEvent) => string, expected: readonly string[]): void {
  const different = expected.findIndex((text, index) => stored[index] === undefined || textOf(stored[index]) !== text)
  expect(different === -1 ? 'as it was given' : expected[different]?.slice(0, 200)).toBe('as it was given')
  expect(stored).toHaveLength(expected.length)
}
