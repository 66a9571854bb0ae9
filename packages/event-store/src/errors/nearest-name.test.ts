import { nearestName } from './nearest-name.js'

describe('nearestName', () => {
  const known = ['deposit-money', 'withdraw-money', 'open-account']

  it.each([
    ['depost-money', 'deposit-money'],
    ['deposit-mony', 'deposit-money'],
    ['Open-Account', 'open-account'],
    ['withdrawmoney', 'withdraw-money'],
    ['open-account', 'open-account'],
    ['poen-account', 'open-account'],
  ])('finds, for %s, %s', (name, meant) => {
    expect(nearestName(name, known)).toBe(meant)
  })

  it('finds the nearest of several that are near', () => {
    expect(nearestName('money-x', ['money-ab', 'money-y', 'money-xyz'])).toBe('money-y')
  })

  it('takes two neighbours that changed places for one mistake', () => {
    expect(nearestName('mials', ['mails', 'miles'])).toBe('mails')
    expect(nearestName('nam', ['man'])).toBeUndefined()
  })

  it('finds nothing where more than a third of the letters differ', () => {
    expect(nearestName('close-branch', known)).toBeUndefined()
  })

  it('finds nothing among nothing', () => {
    expect(nearestName('deposit-money', [])).toBeUndefined()
    expect(nearestName('', known)).toBeUndefined()
  })
})
