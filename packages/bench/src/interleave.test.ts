import { interleave, orderOfRound } from './interleave.js'

describe('orderOfRound', () => {
  it('starts one further each round and begins anew after the last', () => {
    expect([0, 1, 2, 3].map((round) => orderOfRound(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'bca', 'cab', 'abc'])
  })

  it('knows an empty list', () => {
    expect(orderOfRound([], 3)).toEqual([])
  })
})

describe('interleave', () => {
  it('measures everyone once a round, one at a time, and keeps the results by round', async () => {
    const measured: string[] = []
    const results = await interleave(['a', 'b'], 3, async (item, round) => {
      measured.push(`${item}${round} begins`)
      await Promise.resolve()
      measured.push(`${item}${round} ends`)
      return `${item}${round}`
    })
    expect(measured.filter((_, index) => index % 2 === 0)).toEqual(
      ['a0', 'b0', 'b1', 'a1', 'a2', 'b2'].map((one) => `${one} begins`),
    )
    expect(measured.every((line, index) => index % 2 === 0 || line.endsWith('ends'))).toBe(true)
    expect([...results]).toEqual([
      ['a', ['a0', 'a1', 'a2']],
      ['b', ['b0', 'b1', 'b2']],
    ])
  })
})
