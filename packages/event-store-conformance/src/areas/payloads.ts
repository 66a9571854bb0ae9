import { Event, EventTypes, MAX_EVENT_BYTES, upcaster } from '@writ/event-store'
import { z } from 'zod'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { logEvents, sample, streamEvents } from '../sample-events.js'

/** The exact text comes back: whoever hashes, encrypts or signs events relies on each character of it. */
const texts: Readonly<Record<string, string>> = {
  'letters of every script, and emoji': JSON.stringify({ text: 'Zoë Ωмега 計算 عربى नमस्ते 👩‍👩‍👧 \u{10ffff} e\u0301' }),
  'unicode escapes': '{"text":"\\u00e9 \\ud83d\\udcb6 \\u2028 \\/"}',
  'control characters, escaped': '{"text":"\\b\\f\\n\\r\\t\\u0001\\u001f"}',
  'line separators, unescaped': '{"text":"\u2028\u2029\u0085\ufeff"}',
  'apostrophes, quotes and backslashes': JSON.stringify({ text: `O'Neil said "no" \\ '' $$ $1 %s \`` }),
  'what looks like SQL': JSON.stringify({ text: `'); drop table events; --` }),
  'strings that look like dates': JSON.stringify({
    at: '2024-02-30T25:61:00Z',
    on: '2024-01-01',
    zoned: '2024-01-01T00:00:00.000+02:00',
  }),
  'strings of 19 digits': JSON.stringify({ number: '9223372036854775807', zeros: '0000000000000000042' }),
  'numbers in every spelling':
    '{"a":1.0,"b":1e2,"c":-0.0,"d":0.1,"e":12345678901234567890,"f":1E-7,"g":3.14159265358979323846264338327950288}',
  'white space between the tokens': '{ "a" :\n\t1 ,\r\n  "b": [ ] }',
  'keys in their order': '{"z":1,"a":2,"10":3,"2":4}',
  'keys that are empty, long or strange': JSON.stringify({ '': 1, ' ': 2, ['k'.repeat(5_000)]: 3, constructor: 4, 'é.$[]"': 5 }),
  'empty containers, null and booleans': '{"a":{},"b":[],"c":null,"d":true,"e":false,"f":""}',
  'two hundred levels': `${'{"a":['.repeat(100)}null${']}'.repeat(100)}`,
  'a string of 100,000 characters': JSON.stringify({ text: 'é'.repeat(100_000) }),
  'no object at all': '"just text"',
}

export const payloads: Area = (scenario) => {
  for (const [what, text] of Object.entries(texts)) {
    scenario(`keeps data and metadata with ${what} to the letter`, async ({ store, start, unique }) => {
      const stream = unique('account')
      const metadata = `{"user":${text}}`
      await store.append({ stream, events: [sample({ data: text, metadata })] })
      for (const [stored] of [await streamEvents(store, stream), await logEvents(store, { after: start })]) {
        expect(stored?.data).toBe(text)
        expect(stored?.metadata).toBe(metadata)
      }
    })
  }

  scenario(
    'keeps what another process wrote to the letter',
    async ({ store, neighbour, unique }) => {
      const stream = unique('account')
      const events = Object.values(texts).map((data) => sample({ data }))
      await (await neighbour()).append({ stream, events })
      expect((await streamEvents(store, stream)).map(({ data }) => data)).toEqual(Object.values(texts))
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
