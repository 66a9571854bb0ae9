import { thrown } from '../../test/thrown.js'
import { DomainError, LeaseLostError } from '../index.js'

class AccountNotOpen extends DomainError<'account-not-open'> {
  constructor(account: string) {
    super('account-not-open', `The account ${account} is not open.`, { account })
  }
}

describe('DomainError', () => {
  it('carries code, message and facts', () => {
    expect(new AccountNotOpen('42')).toMatchObject({ name: 'AccountNotOpen', code: 'account-not-open', facts: { account: '42' } })
    expect(new DomainError('no', 'No.').facts).toEqual({})
  })

  it('keeps a frozen copy of its facts', () => {
    const facts = { accounts: ['1'] }
    const error = new DomainError('no', 'No.', facts)
    facts.accounts.push('2')
    expect(error.facts).toEqual({ accounts: ['1'] })
    expect(Object.isFrozen(error.facts.accounts)).toBe(true)
  })

  it('refuses facts that no receipt could keep', () => {
    const error = thrown('value-not-storable', () => new DomainError('no', 'No.', { at: new Date() as never }))
    expect(error).toMatchObject({ path: 'at' })
  })

  it('is told from other errors, also by a duplicate install', () => {
    expect(DomainError.is(new AccountNotOpen('42'))).toBe(true)
    expect(DomainError.is(new LeaseLostError({ subscription: 's', partition: 0, owner: 'me', epoch: 1 }))).toBe(false)
    expect(DomainError.is(undefined)).toBe(false)
    jest.isolateModules(() => {
      const duplicate = require('../index.js') as typeof import('../index.js')
      const error = new duplicate.DomainError('no', 'No.')
      expect(error).not.toBeInstanceOf(DomainError)
      expect(DomainError.is(error)).toBe(true)
    })
  })
})
