import { hasCode, LeaseLostError, WritError } from '../index.js'

class Refused extends WritError<'refused'> {
  constructor(options?: ErrorOptions) {
    super('refused', 'It was refused.', options)
  }
}

describe('WritError', () => {
  it('carries code, message, cause and the name of its class', () => {
    const cause = new Error('why')
    const error = new Refused({ cause })
    expect(error).toMatchObject({ name: 'Refused', code: 'refused', message: 'It was refused.', cause })
    expect(error).toBeInstanceOf(Error)
    expect(error.stack).toContain('Refused: It was refused.')
  })

  it('carries its facts as fields', () => {
    const lease = { subscription: 'mails', partition: 2, owner: 'me', epoch: 7 }
    expect(new LeaseLostError(lease)).toMatchObject({ code: 'lease-lost', ...lease })
  })
})

describe('hasCode', () => {
  it('knows an error by its code', () => {
    expect(hasCode(new Refused(), 'refused')).toBe(true)
    expect(hasCode(new Refused(), 'lease-lost')).toBe(false)
  })

  it('knows an error that a duplicate install has made', () => {
    jest.isolateModules(() => {
      const duplicate = require('../index.js') as typeof import('../index.js')
      const error = new duplicate.LeaseLostError({ subscription: 'mails', partition: 0, owner: 'me', epoch: 1 })
      expect(error).not.toBeInstanceOf(LeaseLostError)
      expect(hasCode(error, 'lease-lost')).toBe(true)
    })
  })

  it.each([undefined, null, 'refused', { code: 'refused' }, new Error('refused')])(
    'takes %p for no error of that code',
    (value) => {
      expect(hasCode(value, 'refused')).toBe(false)
    },
  )
})
