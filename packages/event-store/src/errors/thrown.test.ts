import { DomainError, hasCode, isError, StoreNotRunningError, thrownCode, thrownMessage } from '../index.js'

const refuses = () => {
  throw new Error('Hands off.')
}

const untouchable = new Proxy({}, { get: refuses, has: refuses, getPrototypeOf: refuses })
const silent = Object.defineProperties(new Error(), { message: { get: refuses }, code: { get: refuses } })

describe('what was thrown', () => {
  it('tells its code and its message', () => {
    const error = new StoreNotRunningError('memory', 'stopped')
    expect([isError(error), thrownCode(error), thrownMessage(error)]).toEqual([true, 'store-not-running', error.message])
    expect([isError('away'), thrownCode('away'), thrownMessage('away')]).toEqual([false, undefined, 'away'])
    expect([thrownCode(null), thrownMessage(null)]).toEqual([undefined, 'null'])
    expect(thrownCode({ code: 7 })).toBeUndefined()
  })

  it.each([
    ['a proxy that throws at each touch', untouchable],
    ['an error whose getters throw', silent],
    ['an object that is no text', { code: undefined, toString: refuses }],
    ['an object without a prototype', Object.create(null)],
  ])('is looked at with care, when it is %s', (_what, thrown: unknown) => {
    expect(thrownCode(thrown)).toBeUndefined()
    expect(thrownMessage(thrown)).toBe('a value was thrown that throws when it is looked at')
    expect(hasCode(thrown, 'overloaded')).toBe(false)
    expect(DomainError.is(thrown)).toBe(false)
  })

  it('is no refusal of the domain, when it only says yes to whatever it is asked', () => {
    expect(DomainError.is(new Proxy({}, { get: () => true }))).toBe(false)
  })
})
