import fc from 'fast-check'
import { changesBetween } from '../index.js'

describe('the changes between two states', () => {
  it('are none where they are alike, whatever their classes', () => {
    class Account {
      balance = 5
      tags = new Set(['a'])
    }
    expect(changesBetween(new Account(), new Account())).toEqual([])
    expect(changesBetween(new Account(), { balance: 5, tags: ['a'] })).toEqual([])
  })

  it('name what was added, changed and removed, by its path', () => {
    const before = { balance: 5, limits: { daily: 10 }, holders: ['ann'] }
    const after = { balance: 7, limits: { daily: 10, monthly: 100 }, holders: [] }
    expect(changesBetween(before, after).sort(byPath)).toEqual([
      { path: ['balance'], kind: 'changed', before: 5, after: 7 },
      { path: ['holders', 0], kind: 'removed', before: 'ann', after: undefined },
      { path: ['limits', 'monthly'], kind: 'added', before: undefined, after: 100 },
    ])
  })

  it('look into maps, sets and dates', () => {
    const day = (number: number) => new Date(Date.UTC(2026, 0, number))
    const before = { seats: new Map([['A1', { holder: 'ann' }]]), marks: new Set([1]), since: day(1) }
    const after = { seats: new Map([['A1', { holder: 'bob' }]]), marks: new Set([1, 2]), since: day(2) }
    expect(changesBetween(before, after).sort(byPath)).toEqual([
      { path: ['marks', 1], kind: 'added', before: undefined, after: 2 },
      { path: ['seats', 'A1', 'holder'], kind: 'changed', before: 'ann', after: 'bob' },
      { path: ['since'], kind: 'changed', before: day(1), after: day(2) },
    ])
  })

  it('tell values of different kinds apart, at the top as well', () => {
    expect(changesBetween(undefined, { a: 1 })).toEqual([{ path: [], kind: 'changed', before: undefined, after: { a: 1 } }])
    expect(changesBetween({ a: null }, { a: undefined })).toMatchObject([{ path: ['a'], kind: 'changed' }])
  })

  it('are none exactly where the states are equal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(changesBetween(one, one)).toEqual([])
        expect(changesBetween(one, other).length === 0).toBe(JSON.stringify(one) === JSON.stringify(other) || equals(one, other))
      }),
    )
  })
})

function byPath(one: { path: readonly unknown[] }, other: { path: readonly unknown[] }): number {
  return one.path.join() < other.path.join() ? -1 : 1
}

function equals(one: unknown, other: unknown): boolean {
  try {
    expect(one).toEqual(other)
    return true
  } catch {
    return false
  }
}
