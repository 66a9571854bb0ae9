import { z } from 'zod'
import { base64Bytes, bigIntText, isoDate } from '../../test/codecs.js'
import { thrown } from '../../test/thrown.js'
import { Event, type InvalidMessageError, newEvent } from '../index.js'

class Booked extends Event(
  'booked',
  z.object({
    at: isoDate,
    amount: bigIntText,
    lines: z.array(z.object({ due: isoDate.optional() })),
    note: z.string().optional(),
  }),
) {}

const at = new Date('2024-05-06T07:08:09.123Z')
const booked = { at, amount: 12345678901234567890n, lines: [{ due: at }, {}] }
const stored = '{"at":"2024-05-06T07:08:09.123Z","amount":"12345678901234567890","lines":[{"due":"2024-05-06T07:08:09.123Z"},{}]}'

describe('An event with codecs', () => {
  it('holds dates and bigints', () => {
    const event = new Booked(booked)
    expect(event.at).toEqual(at)
    expect(event.amount).toBe(12345678901234567890n)
    expect(event.lines[0]?.due).toEqual(at)
  })

  it('is stored as the text that its codecs write', () => {
    expect(newEvent(new Booked(booked), 'id').data).toBe(stored)
  })

  it('is restored to an equal instance, which is stored as the same text', () => {
    const restored = Booked.restore(JSON.parse(stored))
    expect(restored).toBeInstanceOf(Booked)
    expect(restored).toEqual(new Booked(booked))
    expect(newEvent(restored, 'id').data).toBe(stored)
  })

  it('is frozen to the bottom, made or restored', () => {
    for (const event of [new Booked(booked), Booked.restore(JSON.parse(stored))]) {
      expect([event, event.lines, event.lines[0]].every(Object.isFrozen)).toBe(true)
    }
  })

  it('holds a copy of the date that was given', () => {
    const given = new Date(at)
    const event = new Booked({ ...booked, at: given })
    given.setTime(0)
    expect(event.at).toEqual(at)
  })

  it('drops keys that are undefined', () => {
    const event = new Booked({ ...booked, lines: [{ due: undefined }], note: undefined })
    expect(newEvent(event, 'id').data).not.toContain('note')
    expect(Object.keys(event)).toEqual(['at', 'amount', 'lines'])
  })

  it.each([
    ['an invalid date', { ...booked, at: new Date(Number.NaN) }, 'at'],
    ['text where a date belongs', { ...booked, at: '2024-05-06T07:08:09.123Z' }, 'at'],
    ['a number where a bigint belongs', { ...booked, amount: 5 }, 'amount'],
    ['an unknown key', { ...booked, lines: [{ du: at }] }, 'lines[0].du'],
    ['no object', 'text', ''],
    ['null', null, ''],
  ])('is refused for %s', (_, data, path) => {
    const { issues } = thrown<InvalidMessageError>('invalid-event', () => new Booked(data as never))
    expect(issues[0]?.path).toBe(path)
  })

  it('says so where a codec throws, made or restored, and does not repeat what it said', () => {
    const odd = (text: string, bigint: bigint) =>
      z.codec(z.string(), z.bigint(), {
        decode: (given) => BigInt(given),
        encode: (given) => (given === bigint ? text : `${given}`),
      })
    class Odd extends Event('odd', z.object({ amount: odd('secret', 1n) })) {}
    for (const fail of [() => new Odd({ amount: 1n }), () => Odd.restore({ amount: 'secret' })]) {
      const error = thrown<InvalidMessageError>('invalid-event', fail)
      expect(error.message).toContain('an error was thrown')
      expect(error.message).not.toContain('secret')
      expect(error.cause).toBeInstanceOf(SyntaxError)
    }
  })

  it.each(['decode', 'encode'])('can not be defined with a codec whose %s is asynchronous', (name) => {
    const slow = z.codec(z.string(), z.string(), {
      decode: (text) => text,
      encode: (text) => text,
      [name]: async (text: string) => text,
    })
    const error = thrown('invalid-message-definition', () =>
      Event('slow', z.object({ lines: z.array(z.object({ text: slow })) })),
    )
    expect(error.message).toContain('asynchronous')
  })

  it('may keep bytes', () => {
    class Scanned extends Event('scanned', z.object({ page: base64Bytes })) {}
    const event = new Scanned({ page: new Uint8Array([1, 2, 255]) })
    const { data } = newEvent(event, 'id')
    expect(data).toBe('{"page":"AQL/"}')
    expect(Scanned.restore(JSON.parse(data))).toEqual(event)
  })

  it('may keep an object in another shape, and still refuses unknown keys in it', () => {
    const money = z.codec(
      z.object({ cents: z.int(), code: z.string() }),
      z.object({ amount: z.number(), currency: z.string() }),
      {
        decode: ({ cents, code }) => ({ amount: cents / 100, currency: code }),
        encode: ({ amount, currency }) => ({ cents: Math.round(amount * 100), code: currency }),
      },
    )
    class Paid extends Event('paid', z.object({ price: money })) {}
    const event = new Paid({ price: { amount: 2.5, currency: 'EUR' } })
    expect(newEvent(event, 'id').data).toBe('{"price":{"cents":250,"code":"EUR"}}')
    expect(Paid.restore({ price: { cents: 250, code: 'EUR' } })).toEqual(event)
    const wrong = { price: { amount: 2.5, currency: 'EUR', tax: 1 } }
    expect(thrown<InvalidMessageError>('invalid-event', () => new Paid(wrong)).issues).toEqual([
      { path: 'price.tax', message: 'unknown key' },
    ])
  })

  it('may keep instances of a class, which stay as they are', () => {
    class Money {
      cached: number | undefined
      constructor(readonly cents: number) {}
    }
    const money = z.codec(z.int(), z.instanceof(Money), { decode: (cents) => new Money(cents), encode: ({ cents }) => cents })
    class Paid extends Event('paid', z.object({ price: money })) {}
    const event = new Paid({ price: new Money(250) })
    expect(event.price).toEqual(new Money(250))
    expect(() => Object.assign(event.price, { cached: 1 })).not.toThrow()
  })
})
