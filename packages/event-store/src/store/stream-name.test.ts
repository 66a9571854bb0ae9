import { thrown } from '../../test/thrown.js'
import { categoryOf, checkStreamName, isReservedStream, streamName } from './stream-name.js'

describe('streamName and categoryOf', () => {
  it.each([
    ['account', '42', 'account-42'],
    ['account', '0190-ab-cd', 'account-0190-ab-cd'],
    ['$process.transfer', '7', '$process.transfer-7'],
  ])('join %s and %s, and find the category again', (category, identity, stream) => {
    expect(streamName(category, identity)).toBe(stream)
    expect(categoryOf(stream)).toBe(category)
  })

  it('take a name without a dash for its own category', () => {
    expect(categoryOf('settings')).toBe('settings')
    expect(categoryOf('-42')).toBe('')
  })
})

describe('isReservedStream', () => {
  it("knows Writ's own by the dollar sign at their beginning", () => {
    expect([isReservedStream('$journal-1'), isReservedStream('account-$1')]).toEqual([true, false])
  })
})

describe('checkStreamName', () => {
  it.each([
    ['a letter', 'a'],
    ['every script, and emoji', 'Ωмега 計算 عربى 💶👩‍👩‍👧'],
    ['SQL and quotes', `'); drop table events; -- "\\`],
    ['blanks', ' a b '],
    ['1,000 bytes', 'n'.repeat(1_000)],
    ['1,000 bytes of two-byte letters', 'é'.repeat(500)],
    ['1,000 bytes of emoji', '💶'.repeat(250)],
  ])('takes %s', (_, name) => {
    expect(() => checkStreamName(name)).not.toThrow()
  })

  it.each([
    ['nothing', ''],
    ['1,001 bytes', 'n'.repeat(1_001)],
    ['1,002 bytes of two-byte letters', 'é'.repeat(501)],
    ['1,004 bytes of emoji', '💶'.repeat(251)],
    ['10 kB', 'n'.repeat(10_000)],
    ['NUL', 'a\u0000'],
    ['a tab', 'a\tb'],
    ['a line break', 'a\n'],
    ['DEL', 'a\u007f'],
    ['a C1 control character', 'a\u0085'],
    ['a line separator', 'a\u2028'],
    ['the first half of a surrogate pair', 'a\ud83d'],
    ['the second half', '\udcb6a'],
    ['the halves in the wrong order', '\udcb6\ud83d'],
    ['a pair and a half', '💶\ud83d'],
    ['a number', 42],
    ['null', null],
    ['undefined', undefined],
    ['an object', { toString: () => 'account-1' }],
  ])('refuses %s', (_, name) => {
    thrown('invalid-stream-name', () => checkStreamName(name))
  })

  it('shows an unprintable name escaped, and a long one abbreviated', () => {
    expect(thrown('invalid-stream-name', () => checkStreamName('a\u0000\n')).message).toContain("'a\\u0000\\n'")
    expect(thrown('invalid-stream-name', () => checkStreamName('n'.repeat(5_000))).message.length).toBeLessThan(200)
  })
})
