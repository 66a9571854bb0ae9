import { thrown } from '../../test/thrown.js'
import { logRead, streamRead } from './check-read.js'

const most = Number.MAX_SAFE_INTEGER

describe('streamRead', () => {
  it('fills in the defaults', () => {
    expect(streamRead('account-1')).toEqual({
      direction: 'forwards',
      limit: most,
      pageSize: 1_000,
      durable: true,
      fromVersion: 1,
      toVersion: most,
    })
  })

  it('keeps what is given', () => {
    const given = { direction: 'backwards', limit: 0, pageSize: 10_000, durable: false, fromVersion: 3, toVersion: 2 } as const
    expect(streamRead('account-1', given)).toEqual(given)
  })

  it('refuses an option that it does not know, and names the nearest', () => {
    const misspelt = { fromVersoin: 3 } as never
    expect(thrown('invalid-read', () => streamRead('account-1', misspelt))).toMatchObject({
      option: 'fromVersoin',
      message: expect.stringContaining("the nearest is 'fromVersion'"),
    })
    expect(thrown('invalid-read', () => streamRead('account-1', null as never))).toMatchObject({ option: 'options' })
  })

  it('refuses a malformed stream name', () => {
    thrown('invalid-stream-name', () => streamRead(''))
  })
})

describe('logRead', () => {
  it('fills in the defaults, without a query', () => {
    expect(logRead()).toEqual({ direction: 'forwards', limit: most, pageSize: 1_000, durable: true, after: 0, upTo: most })
  })

  it('keeps a query, and refuses a malformed one', () => {
    const query = { items: [{ types: ['a'] }] }
    expect(logRead({ query }).query).toEqual(query)
    expect(thrown('invalid-read', () => logRead({ query: { items: [] } }))).toMatchObject({ option: 'query' })
  })

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, 1n])(
    'refuses %p as a position, and names the option',
    (value) => {
      expect(thrown('invalid-read', () => logRead({ after: value as never }))).toMatchObject({ option: 'after' })
      expect(thrown('invalid-read', () => logRead({ upTo: value as never }))).toMatchObject({ option: 'upTo' })
    },
  )
})
