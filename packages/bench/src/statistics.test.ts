import { median, percentile, ratios } from './statistics.js'

describe('percentile', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1)

  it('is the value that so many percent do not exceed', () => {
    expect(percentile(hundred, 50)).toBe(50)
    expect(percentile(hundred, 99)).toBe(99)
    expect(percentile(hundred, 100)).toBe(100)
  })

  it('is the largest of few values at 99 %', () => {
    expect(percentile(Float64Array.of(1, 2, 7), 99)).toBe(7)
    expect(percentile(Float64Array.of(4), 50)).toBe(4)
  })

  it('is null without values', () => {
    expect(percentile(Float64Array.of(), 50)).toBeNull()
  })
})

describe('median', () => {
  it('is the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5)
  })

  it('is the mean of the two in the middle', () => {
    expect(median([4, 1, 3, 100])).toBe(3.5)
  })

  it('is null where a value is missing, and without values', () => {
    expect(median([1, null, 3])).toBeNull()
    expect(median([])).toBeNull()
  })

  it('leaves the values as they were', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })
})

describe('ratios', () => {
  it('compares round by round, so that a slow moment of the machine cancels out', () => {
    expect(ratios([100, 50, 100], [10, 5, 20])).toEqual([10, 10, 5])
  })
})
