import { runInNewContext } from 'node:vm'
import { fc } from '../../test/fast-check.js'
import { thrown } from '../../test/thrown.js'
import { toPlainJson, type ValueNotStorableError } from '../index.js'

function refusal(value: unknown): ValueNotStorableError {
  return thrown<ValueNotStorableError>('value-not-storable', () => toPlainJson(value, 'The value'))
}

function nested(levels: number): unknown {
  let value: unknown = 'innermost'
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

const cycle: { lines: unknown[] } = { lines: [{}] }
cycle.lines.push({ back: cycle })

class Money {
  amount = 5
}

describe('toPlainJson', () => {
  const refused: readonly [string, unknown, string, string][] = [
    ['NUL in a string', { note: 'a\u0000b' }, 'note', 'NUL'],
    ['NUL in a key', { lines: [{ 'a\u0000': 1 }] }, 'lines[0].a\u0000', 'NUL'],
    ['the first half of a surrogate pair', { note: 'a\ud83d' }, 'note', 'surrogate'],
    ['the second half of a surrogate pair', { note: '\udcb6b' }, 'note', 'surrogate'],
    ['two first halves', { note: '\ud83d\ud83d\udcb6' }, 'note', 'surrogate'],
    ['half of a surrogate pair in a key', { '\ud83d': 1 }, '\ud83d', 'surrogate'],
    ['NaN', { lines: [{ price: Number.NaN }] }, 'lines[0].price', 'NaN'],
    ['Infinity', { price: Number.POSITIVE_INFINITY }, 'price', 'Infinity'],
    ['-Infinity', { price: Number.NEGATIVE_INFINITY }, 'price', '-Infinity'],
    ['1e400, which JSON.parse makes Infinity', JSON.parse('{"price":1e400}'), 'price', 'Infinity'],
    ['a bigint', { price: 5n }, 'price', 'bigint'],
    ['2^53', { id: 2 ** 53 }, 'id', 'beyond 2^53'],
    ['-2^53', { id: -(2 ** 53) }, 'id', 'beyond 2^53'],
    ['an integer of 19 digits', JSON.parse('{"id":9223372036854775807}'), 'id', 'beyond 2^53'],
    ['a Date', { at: new Date(0) }, 'at', 'Date instance'],
    ['an invalid Date', { at: new Date(Number.NaN) }, 'at', 'Date instance'],
    ['a Map', { at: new Map() }, 'at', 'Map instance'],
    ['a Set', { at: new Set() }, 'at', 'Set instance'],
    ['a RegExp', { at: /a/ }, 'at', 'RegExp instance'],
    ['an Error', { at: new Error('no') }, 'at', 'Error instance'],
    ['a typed array', { at: new Uint8Array(2) }, 'at', 'Uint8Array instance'],
    ['a Buffer', { at: Buffer.from('a') }, 'at', 'Buffer instance'],
    ['an instance of a class', { at: new Money() }, 'at', 'Money instance'],
    ['a boxed string', { at: new String('a') }, 'at', 'String instance'],
    ['a promise', { at: Promise.resolve() }, 'at', 'Promise instance'],
    ['a function', { at: () => 1 }, 'at', 'function'],
    ['a symbol', { at: Symbol('a') }, 'at', 'symbol'],
    ['undefined in a list', { lines: [1, undefined] }, 'lines[1]', 'undefined'],
    ['a hole in a list', { lines: new Array(1) }, 'lines[0]', 'undefined'],
    ['undefined itself', undefined, '', 'undefined'],
    ['an object with symbol keys', { at: { [Symbol('a')]: 1 } }, 'at', 'symbol keys'],
    ['a toJSON method', { at: { toJSON: () => 'something else' } }, 'at.toJSON', 'function'],
    ['a key named __proto__', JSON.parse('{"a":{"__proto__":{"admin":true}}}'), 'a.__proto__', '__proto__'],
    ['a cycle', cycle, 'lines[1].back', 'cycle'],
  ]

  it.each(refused)('refuses %s', (_, value, path, what) => {
    const error = refusal(value)
    expect(error.path).toBe(path)
    expect(error.what).toContain(what)
    expect(error.remedy).not.toBe('')
  })

  it('names value, path and remedy in its message, and never the value itself', () => {
    const { message } = refusal({ lines: [{ secret: 12345678901234567890n }] })
    expect(message).toBe(
      "The value can't be stored: lines[0].secret is a bigint. To mend it: give its schema a zod codec that writes it as a string.",
    )
    expect(refusal(Number.NaN).message).toContain("The value can't be stored: it is NaN.")
  })

  it('keeps 200 levels and refuses 201', () => {
    expect(toPlainJson(nested(200), 'The value')).toEqual(nested(200))
    expect(refusal(nested(201)).what).toContain('deeper than 200')
    expect(refusal(nested(100_000)).what).toContain('deeper than 200')
  })

  const kept: readonly [string, unknown][] = [
    ['letters of every script', { text: 'Zoë 計算 عربى 👩‍👩‍👧 \u{10ffff}' }],
    ['control characters but NUL', { text: '\u0001\b\t\n\u007f\u2028' }],
    ['apostrophes and quotes', { text: `O'Neil "said" \\` }],
    ['strings that look like dates', { at: '2024-02-30T25:61:00Z' }],
    ['strings of 19 digits', { id: '9223372036854775807' }],
    ['0.1', { price: 0.1 }],
    ['the greatest and least numbers', [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 5e-324]],
    ['null, booleans, empty containers', { a: null, b: true, c: [], d: {}, e: '' }],
    ['keys named constructor and prototype', { constructor: { prototype: { admin: true } } }],
    ['the same object in two places', (() => ((shared) => ({ one: shared, two: [shared] }))({ a: 1 }))()],
    ['a string', 'text'],
  ]

  it.each(kept)('keeps %s', (_, value) => {
    const plain = toPlainJson(value, 'The value')
    expect(plain).toEqual(value)
    expect(JSON.parse(JSON.stringify(plain))).toEqual(value)
  })

  it('refuses 1e300, which is an integer to JavaScript', () => {
    expect(() => toPlainJson(1e300, 'The value')).toThrow(expect.objectContaining({ code: 'value-not-storable' }))
  })

  it('makes 0 of -0', () => {
    expect(Object.is((toPlainJson({ a: -0 }, 'The value') as { a: number }).a, 0)).toBe(true)
  })

  it('drops properties that are undefined', () => {
    expect(Object.keys(toPlainJson({ a: undefined, b: 1 }, 'The value') as object)).toEqual(['b'])
  })

  it('takes objects without a prototype, and those of another realm', () => {
    expect(toPlainJson(Object.assign(Object.create(null), { a: 1 }), 'The value')).toEqual({ a: 1 })
    expect(toPlainJson(runInNewContext('({ a: [{ b: 1 }] })'), 'The value')).toEqual({ a: [{ b: 1 }] })
    expect(refusal(runInNewContext('({ a: new Date(0) })')).path).toBe('a')
  })

  it('reads a getter once, and keeps what it gave', () => {
    let reads = 0
    const hostile = { get amount() { return ++reads } } // biome-ignore format: one line
    const plain = toPlainJson(hostile, 'The value') as { amount: number }
    expect([plain.amount, plain.amount, reads]).toEqual([1, 1, 1])
  })

  it('lets the error of a throwing getter or proxy through', () => {
    const hostile = new Proxy({}, { ownKeys: () => { throw new TypeError('no keys for you') } }) // biome-ignore format: one line
    expect(() => toPlainJson({ hostile }, 'The value')).toThrow('no keys for you')
  })

  it('returns a copy that is frozen to the bottom', () => {
    const given = { lines: [{ price: 1 }] }
    const plain = toPlainJson(given, 'The value') as typeof given
    given.lines[0]!.price = 2
    expect(plain.lines[0]!.price).toBe(1)
    expect([plain, plain.lines, plain.lines[0]].every(Object.isFrozen)).toBe(true)
    expect(Object.isFrozen(given)).toBe(false)
  })

  it('keeps every JSON value as it is, through text and back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8, stringUnit: 'binary' }), (value) => {
        let plain: unknown
        try {
          plain = toPlainJson(value, 'The value')
        } catch (error) {
          // The only reasons that are left: NUL, __proto__, integers beyond 2^53.
          expect(JSON.stringify(value)).toMatch(/\\u0000|__proto__|\d{16,}|e\+/)
          expect(error).toMatchObject({ code: 'value-not-storable' })
          return
        }
        expect(JSON.stringify(plain)).toBe(JSON.stringify(value))
        expect(JSON.parse(JSON.stringify(plain))).toEqual(plain)
      }),
    )
  })

  it('refuses every value that text or UTF-8 would change, and no other', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true })
    const text = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) })
    fc.assert(
      fc.property(fc.oneof(anything, text, fc.dictionary(text, text)), (value) => {
        let plain: unknown
        try {
          plain = toPlainJson(value, 'The value')
        } catch (error) {
          expect(error).toMatchObject({ code: 'value-not-storable' })
          return
        }
        const stored = Buffer.from(JSON.stringify(plain), 'utf8').toString('utf8')
        expect(JSON.parse(stored)).toEqual(plain)
        expect(stored.isWellFormed()).toBe(true)
      }),
    )
  })
})
