/**
 * The smallest value that at least so many percent of all values do not exceed.
 *
 * Every duration of a window is kept and sorted: 100,000 of them are under a megabyte, and the result is exact, which no histogram's is.
 *
 * @param sorted in rising order
 * @returns null where there are no values
 */
export function percentile(sorted: Float64Array, percent: number): number | null {
  const rank = Math.ceil((percent / 100) * sorted.length)
  return sorted[Math.max(rank, 1) - 1] ?? null
}

/** The middle value, or the mean of the two in the middle; null where there are no values, or where one of them is null. */
export function median(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null)
  if (numbers.length === 0 || numbers.length < values.length) return null
  const sorted = numbers.sort((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
}

/** Round by round, how many times the reference's value; a noisy moment of the machine meets both of one round alike. */
export function ratios(values: readonly number[], reference: readonly number[]): number[] {
  return values.map((value, round) => value / (reference[round] ?? Number.NaN))
}
