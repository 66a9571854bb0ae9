import { AccountNumbers } from './account-numbers.js'

const round = (numbers: AccountNumbers, caller: number, times: number) =>
  Array.from({ length: times }, () => numbers.next(caller))

describe('AccountNumbers', () => {
  it('leads each caller round accounts of its own', () => {
    const numbers = new AccountNumbers(8, 3)
    const { all } = numbers
    expect(round(numbers, 0, 4)).toEqual([all[0], all[3], all[6], all[0]])
    expect(round(numbers, 2, 3)).toEqual([all[2], all[5], all[2]])
  })

  it('lets callers share where there are fewer accounts', () => {
    const numbers = new AccountNumbers(1, 3)
    expect([...round(numbers, 0, 2), ...round(numbers, 2, 2)]).toEqual(Array.from({ length: 4 }, () => numbers.all[0]))
  })

  it('gives two different ones', () => {
    const numbers = new AccountNumbers(2, 1)
    for (let time = 0; time < 20; time++) expect([...numbers.pair()].sort()).toEqual([...numbers.all].sort())
  })
})
