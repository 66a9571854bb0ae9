import { thrown } from '../../test/thrown.js'
import { checkExpectedVersion, type ExpectedVersion, isExpected } from './expected-version.js'

describe('isExpected', () => {
  it.each<[ExpectedVersion, number, boolean]>([
    [0, 0, true],
    [0, 1, false],
    [3, 3, true],
    [3, 2, false],
    [3, 4, false],
    ['no-stream', 0, true],
    ['no-stream', 1, false],
    ['stream-exists', 0, false],
    ['stream-exists', 1, true],
    ['any', 0, true],
    ['any', 7, true],
  ])('tells, where %p is expected and the stream is at %p: %p', (expected, actual, answer) => {
    expect(isExpected(expected, actual)).toBe(answer)
  })
})

describe('checkExpectedVersion', () => {
  it.each([0, 1, Number.MAX_SAFE_INTEGER, 'no-stream', 'stream-exists', 'any'])('takes %p', (expected) => {
    expect(() => checkExpectedVersion('account-1', expected)).not.toThrow()
  })

  it.each([-1, -5, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '3', 'No-Stream', '', null, undefined, true, {}, 3n])(
    'refuses %p',
    (expected) => {
      expect(thrown('invalid-append', () => checkExpectedVersion('account-1', expected))).toMatchObject({ stream: 'account-1' })
    },
  )
})
