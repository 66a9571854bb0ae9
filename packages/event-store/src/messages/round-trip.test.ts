import { z } from 'zod'
import { base64Bytes, bigIntText, isoDate, setOfText } from '../../test/codecs.js'
import { fc } from '../../test/fast-check.js'
import { Command, Event, EventTypes, type NewEvent, newEvent, type StoredEvent } from '../index.js'

const text = fc.string({ unit: 'binary' }).map((raw) => raw.replaceAll('\u0000', ''))
const key = text.filter((name) => name !== '__proto__')
const number = fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }))
const json = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    fc.array(tie('json')),
    fc.dictionary(key, tie('json')),
  ),
})).json

class Plain extends Event(
  'plain',
  z.object({
    text: z.string(),
    number: z.number(),
    maybe: z.string().nullable().optional(),
    list: z.array(z.object({ flag: z.boolean(), any: z.any() })),
    byKey: z.record(z.string(), z.any()),
  }),
) {}

const plain = fc.record(
  {
    text,
    number,
    maybe: fc.option(text),
    list: fc.array(fc.record({ flag: fc.boolean(), any: json })),
    byKey: fc.dictionary(key, json),
  },
  { requiredKeys: ['text', 'number', 'list', 'byKey'] },
)

const richSchema = z.object({
  at: isoDate,
  amount: bigIntText,
  bytes: base64Bytes,
  names: setOfText,
  lines: z.array(z.object({ due: isoDate.nullable(), note: z.string() })),
})
class Rich extends Event('rich', richSchema) {}
class RichCommand extends Command('rich', richSchema) {}

const date = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
const rich = fc.record({
  at: date,
  amount: fc.bigInt(),
  bytes: fc.uint8Array(),
  names: fc.uniqueArray(text).map((names) => new Set(names)),
  lines: fc.array(fc.record({ due: fc.option(date), note: text })),
})

const types = new EventTypes([Plain, Rich])

function stored(event: NewEvent): StoredEvent {
  // As a database would have it: UTF-8 on the way there and back.
  const data = Buffer.from(event.data, 'utf8').toString('utf8')
  return { ...event, data, stream: 'account-1', version: 1, position: 1, createdAt: new Date(0) }
}

describe('An event, from value to stored text and back', () => {
  it('is equal, for whatever data JSON can hold', () => {
    fc.assert(
      fc.property(plain, (data) => {
        const event = new Plain(data as ConstructorParameters<typeof Plain>[0])
        const written = newEvent(event, 'id')
        const restored = types.decodeData(stored(written))[0]!
        expect(restored).toEqual(event)
        expect(restored).toBeInstanceOf(Plain)
        expect(newEvent(restored, 'id').data).toBe(written.data)
      }),
    )
  })

  it('is equal, for dates, bigints, bytes and sets', () => {
    fc.assert(
      fc.property(rich, (data) => {
        const event = new Rich(data)
        expect({ ...event }).toEqual(data)
        const written = newEvent(event, 'id')
        const restored = types.decodeData(stored(written))[0]!
        expect(restored).toEqual(event)
        expect(newEvent(restored, 'id').data).toBe(written.data)
      }),
    )
  })
})

describe('A command, from value to the text of a journal and back', () => {
  it('is equal, for dates, bigints, bytes and sets', () => {
    fc.assert(
      fc.property(rich, (data) => {
        const command = new RichCommand(data)
        const written = JSON.stringify(RichCommand.encode(command))
        const restored = RichCommand.restore(JSON.parse(written))
        expect(restored).toEqual(command)
        expect(JSON.stringify(RichCommand.encode(restored))).toBe(written)
      }),
    )
  })
})
