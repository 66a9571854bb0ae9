import { Command } from '@writ/event-store'
import fc from 'fast-check'
import { z } from 'zod'
import { fingerprintOf } from './index.js'

class Put extends Command('put', z.object({ value: z.unknown() })) {}
class Post extends Command('post', z.object({ value: z.unknown() })) {}

describe('the fingerprint of a command', () => {
  it('is the same for equal data, whatever the order of keys', () => {
    expect(fingerprintOf(new Put({ value: { a: 1, b: [2, { c: 3, d: 4 }] } }))).toBe(
      fingerprintOf(new Put({ value: { b: [2, { d: 4, c: 3 }], a: 1 } })),
    )
  })

  it('differs for another type of command', () => {
    expect(fingerprintOf(new Put({ value: 1 }))).not.toBe(fingerprintOf(new Post({ value: 1 })))
  })

  it('differs for other data', () => {
    const texts = fc.uniqueArray(
      fc.oneof(fc.string(), fc.integer(), fc.array(fc.string()), fc.constantFrom(null, true, '1', 1)),
      {
        comparator: (a, b) => JSON.stringify(a) === JSON.stringify(b),
        maxLength: 200,
      },
    )
    fc.assert(
      fc.property(texts, (values) => {
        const fingerprints = values.map((value) => fingerprintOf(new Put({ value: JSON.parse(JSON.stringify(value)) })))
        expect(new Set(fingerprints).size).toBe(values.length)
      }),
    )
  })

  it('is short, and does not repeat the data', () => {
    const fingerprint = fingerprintOf(new Put({ value: 'a secret'.repeat(100) }))
    expect(fingerprint).toMatch(/^[0-9a-z]{22,30}$/)
  })
})
