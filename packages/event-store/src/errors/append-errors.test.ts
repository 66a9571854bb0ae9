import { StoreNotRunningError, StoreUnavailableError, WrongExpectedVersionError } from '../index.js'

describe('A wrong expected version', () => {
  it.each([
    [3, 5, "'a-1' was expected at version 3 and is at 5: another writer was first."],
    ['no-stream', 5, "'a-1' was expected to be new and is at 5: another writer was first."],
    [7, 5, "'a-1' was expected at version 7 and has come to 5 only."],
    ['stream-exists', 0, "'a-1' was expected to exist, and has no events."],
  ] as const)('is told as it is: %s, where the stream is at %s', (expected, actual, told) => {
    expect(new WrongExpectedVersionError('a-1', expected, actual, undefined).message).toContain(told)
  })
})

describe('A store that is away', () => {
  const message = (cause: unknown) => new StoreUnavailableError('postgres', 'start', false, cause).message

  it('is told with the reason', () => {
    expect(message(new Error('connect ECONNREFUSED 127.0.0.1:5432'))).toBe(
      'The postgres store could not be reached (start): connect ECONNREFUSED 127.0.0.1:5432. Nothing was written; try again.',
    )
  })

  it('is told with a code where the reason has no words', () => {
    const cause = Object.assign(new AggregateError([new Error('::1'), new Error('127.0.0.1')]), { code: 'ECONNREFUSED' })
    expect(message(cause)).toContain('(start): ECONNREFUSED. Nothing')
  })

  it("leaves out what an error of Writ's own says, for that says what to do as well", () => {
    expect(message(new StoreNotRunningError('postgres', 'append'))).toContain('(start). Nothing')
  })
})
