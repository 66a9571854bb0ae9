import type { Append, EventQuery, NewEvent, ReadAllOptions, ReadStreamOptions } from '@writ/event-store'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { allOf, logEvents, sample, samples, streamEvents, upTo } from '../sample-events.js'

// What no compiler stops: input that came from outside, or from JavaScript.
const unchecked = (value: unknown) => value as never

const streamNames: Readonly<Record<string, unknown>> = {
  'that is empty': '',
  'of 10 kB': 'n'.repeat(10_000),
  'of more than 1,000 bytes in fewer characters': 'é'.repeat(501),
  'with a NUL': 'account-\u0000',
  'with a line break': 'account-1\n2',
  'with half of a surrogate pair': 'account-\ud83d',
  'that is a number': 42,
  'that is undefined': undefined,
}

const appends: Readonly<Record<string, Partial<Append>>> = {
  'an expected version of -5': { expectedVersion: -5 },
  'an expected version of 1.5': { expectedVersion: 1.5 },
  'an expected version of "3"': { expectedVersion: unchecked('3') },
  'an expected version of NaN': { expectedVersion: Number.NaN },
  'an expected version of null': { expectedVersion: unchecked(null) },
  'an expected version that is no word of the four': { expectedVersion: unchecked('no-streams') },
  'an event id that is no UUID': { events: [sample({ id: '42' })] },
  'an event id in upper case': { events: [sample({ id: '0190D3A8-0000-7000-8000-0000000000AB' })] },
  'the same event id twice': { events: Array.from({ length: 2 }, () => sample({ id: '0190d3a8-0000-7000-8000-000000000001' })) },
  'an event type that is empty': { events: [sample({ type: '' })] },
  'an event type with a NUL': { events: [sample({ type: 'a\u0000b' })] },
  'an event type of 257 characters': { events: [sample({ type: 't'.repeat(257) })] },
  'schema version 0': { events: [sample({ schemaVersion: 0 })] },
  'schema version 1.5': { events: [sample({ schemaVersion: 1.5 })] },
  'schema version 32,768': { events: [sample({ schemaVersion: 32_768 })] },
  'data that is not JSON': { events: [sample(), sample({ data: "{'amount':500}" })] },
  'data that is empty': { events: [sample({ data: '' })] },
  'data that is two JSON texts': { events: [sample({ data: '{}{}' })] },
  'data with NaN in it': { events: [sample({ data: '{"amount":NaN}' })] },
  'data with a raw control character in it': { events: [sample({ data: '{"text":"\u0000"}' })] },
  'data with half of a surrogate pair in it': { events: [sample({ data: '{"text":"\ud83d"}' })] },
  'data that is no text': { events: [sample({ data: unchecked({ amount: 500 }) })] },
  'metadata that is not JSON': { events: [sample({ metadata: 'actor' })] },
  'metadata that is no text': { events: [sample({ metadata: unchecked(undefined) })] },
  'an event of 33 tags': { events: [sample({ tags: upTo(33).map(String) })] },
  'a tag that is empty': { events: [sample({ tags: [''] })] },
  'a tag with a line break': { events: [sample({ tags: ['a\nb'] })] },
  'a tag of 257 characters': { events: [sample({ tags: ['t'.repeat(257)] })] },
  '10,001 events': { events: samples(10_001) },
  'a receipt without a command id': { receipts: [{ commandId: '', eventsUpTo: 0, body: '{}' }] },
  'a receipt with a command id of 301 characters': { receipts: [{ commandId: 'c'.repeat(301), eventsUpTo: 0, body: '{}' }] },
  'a receipt with a control character in its command id': { receipts: [{ commandId: 'c\u0000', eventsUpTo: 0, body: '{}' }] },
  'a receipt of more events than there are': { receipts: [{ commandId: 'c', eventsUpTo: 2, body: '{}' }] },
  'a receipt of -1 events': { receipts: [{ commandId: 'c', eventsUpTo: -1, body: '{}' }] },
  'two receipts for one command': { receipts: [0, 1].map((eventsUpTo) => ({ commandId: 'c', eventsUpTo, body: '{}' })) },
  'a receipt whose body is not JSON': { receipts: [{ commandId: 'c', eventsUpTo: 0, body: "{'no':'JSON'}" }] },
  'a receipt whose body holds a control character': { receipts: [{ commandId: 'c', eventsUpTo: 0, body: '"\u001f"' }] },
  'a receipt whose body is no text': { receipts: [{ commandId: 'c', eventsUpTo: 0, body: unchecked({}) }] },
  'a condition after position -1': { condition: { failIfMatch: { items: [{ types: ['x'] }] }, after: -1 } },
  'a condition after position 0.5': { condition: { failIfMatch: { items: [{ types: ['x'] }] }, after: 0.5 } },
}

const malformedQueries: Readonly<Record<string, EventQuery>> = {
  'without items': { items: [] },
  'with an item that names nothing': { items: [{ types: ['x'] }, {}] },
  'with an item that names no type': { items: [{ types: [] }] },
  'with an item that names no tag and no types': { items: [{ tags: [] }] },
  'with a tag that holds a NUL': { items: [{ tags: ['\u0000'] }] },
  'with a type that holds half of a surrogate pair': { items: [{ types: ['\ud83d'] }] },
}

const streamReads: Readonly<Record<string, ReadStreamOptions>> = {
  'from version -1': { fromVersion: -1 },
  'from version 1.5': { fromVersion: 1.5 },
  'from version "1"': { fromVersion: unchecked('1') },
  'up to version -1': { toVersion: -1 },
  'with a limit of -1': { limit: -1 },
  'with a limit of NaN': { limit: Number.NaN },
  'with a page size of 0': { pageSize: 0 },
  'with a page size of 10,001': { pageSize: 10_001 },
  'in a direction that is none': { direction: unchecked('sideways') },
  'with an option that is misspelt': unchecked({ fromVersoin: 2 }),
}

const logReads: Readonly<Record<string, ReadAllOptions>> = {
  'after position -1': { after: -1 },
  'after position 0.5': { after: 0.5 },
  'after the position "7"': { after: unchecked('7') },
  'up to position -1': { upTo: -1 },
  'with a limit of 1.5': { limit: 1.5 },
  'with a page size of -1': { pageSize: -1 },
  'with an option of another read': unchecked({ fromVersion: 2 }),
}

/** A typed error before anything is written, and a store that goes on. */
export const badInput: Area = (scenario) => {
  for (const [what, name] of Object.entries(streamNames)) {
    scenario(`refuses to append to, and to read, a stream of a name ${what}`, async ({ store, start }) => {
      const stream = unchecked(name)
      await rejectsWith('invalid-stream-name', () => store.append({ stream, events: [sample()] }))
      await rejectsWith('invalid-stream-name', () => allOf(store.readStream(stream)))
      expect(await logEvents(store, { after: start })).toEqual([])
    })
  }

  for (const [what, malformed] of Object.entries(appends)) {
    scenario(
      `refuses an append with ${what}, and writes nothing`,
      async ({ store, start, unique }) => {
        const stream = unique('account')
        const error = await rejectsWith('invalid-append', () => store.append({ stream, events: [sample()], ...malformed }))
        expect(error).toMatchObject({ stream })
        expect(await logEvents(store, { after: start })).toEqual([])
        await expect(store.append({ stream, events: [sample()] })).resolves.toMatchObject({ version: 1 })
      },
      ...(malformed.condition ? (['conditions'] as const) : []),
      ...(malformed.receipts ? (['receipts'] as const) : []),
    )
  }

  for (const [what, query] of Object.entries(malformedQueries)) {
    scenario(
      `refuses a query ${what}, as a condition and in a read`,
      async ({ store, start, unique }) => {
        const append = { stream: unique('account'), events: [sample()], condition: { failIfMatch: query, after: 0 } }
        await rejectsWith('invalid-append', () => store.append(append))
        expect(await rejectsWith('invalid-read', () => allOf(store.readAll({ query })))).toMatchObject({ option: 'query' })
        expect(await logEvents(store, { after: start })).toEqual([])
      },
      'conditions',
      'queries',
    )
  }

  for (const [what, options] of Object.entries(streamReads)) {
    scenario(`refuses to read a stream ${what}`, async ({ store, unique }) => {
      const error = await rejectsWith('invalid-read', () => streamEvents(store, unique('account'), options))
      expect(error).toMatchObject({ option: Object.keys(options)[0] })
    })
  }

  for (const [what, options] of Object.entries(logReads)) {
    scenario(`refuses to read the log ${what}`, async ({ store }) => {
      const error = await rejectsWith('invalid-read', () => logEvents(store, options))
      expect(error).toMatchObject({ option: Object.keys(options)[0] })
    })
  }

  scenario('refuses malformed JSON before it looks at the expected version', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(2) })
    for (const expectedVersion of [0, 1, 5, 'no-stream'] as const) {
      const attempt = (broken: NewEvent) => () => store.append({ stream, events: [sample(), broken], expectedVersion })
      await rejectsWith('invalid-append', attempt(sample({ data: '{' })))
      await rejectsWith('invalid-append', attempt(sample({ metadata: '{' })))
    }
  })

  scenario('refuses malformed JSON before it looks for the events that are repeated', async ({ store, unique }) => {
    const stream = unique('account')
    const event = sample()
    await store.append({ stream, events: [event] })
    await rejectsWith('invalid-append', () => store.append({ stream, events: [{ ...event, data: '{' }] }))
    await rejectsWith('invalid-append', () => store.append({ stream, events: [{ ...event, metadata: '{' }] }))
    await rejectsWith('invalid-append', () => store.append({ stream, events: [event, sample({ data: '{' })] }))
  })

  scenario(
    'refuses malformed JSON before it looks at receipts',
    async ({ store, unique }) => {
      const stream = unique('account')
      const receipts = [{ commandId: unique('command'), eventsUpTo: 0, body: '{}' }]
      await store.append({ stream, events: [], receipts })
      await rejectsWith('invalid-append', () => store.append({ stream, events: [sample({ data: '{' })], receipts }))
    },
    'receipts',
  )

  scenario(
    'refuses malformed JSON before it looks at the condition',
    async ({ store, unique }) => {
      const [stream, tag] = [unique('account'), unique('tag')]
      await store.append({ stream, events: [sample({ tags: [tag] })] })
      const condition = { failIfMatch: { items: [{ tags: [tag] }] }, after: 0 }
      await rejectsWith('invalid-append', () => store.append({ stream, events: [sample({ data: '{' })], condition }))
    },
    'conditions',
  )

  scenario('repeats no payload in the error of a refused append', async ({ store, unique }) => {
    const append = { stream: unique('account'), events: [sample({ data: '{"password":"correct horse"' })] }
    const error = await rejectsWith('invalid-append', () => store.append(append))
    expect(`${error.message}${error.stack}${String(error.cause ?? '')}`).not.toContain('correct horse')
  })
}
