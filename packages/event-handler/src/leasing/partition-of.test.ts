import { partitionOf } from './partition-of.js'

describe('the partition of a sequence', () => {
  it('is the same in every process and every version: these are stored', () => {
    const known = ['account-42', 'Ärger', '42', ''].map((sequence) => partitionOf(sequence, 1_000))
    expect(known).toMatchInlineSnapshot(`
[
  116,
  621,
  589,
  923,
]
`)
  })

  it('is spread evenly, also over names that are much alike', () => {
    for (const partitions of [2, 3, 4, 8, 16]) {
      const counts = new Array<number>(partitions).fill(0)
      for (let number = 0; number < 16_000; number++) counts[partitionOf(`account-${number}`, partitions)]!++
      const even = 16_000 / partitions
      for (const count of counts) expect(Math.abs(count - even)).toBeLessThan(even * 0.15)
    }
  })
})
