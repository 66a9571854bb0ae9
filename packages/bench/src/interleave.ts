/** The order of one round: each round starts one further, so that nobody always comes first, or last. */
export function orderOfRound<T>(items: readonly T[], round: number): T[] {
  if (items.length === 0) return []
  const first = round % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}

/**
 * Measures everyone once a round, rather than one after the other: what the machine does meanwhile meets all alike.
 *
 * @returns each one's results, round by round
 */
export async function interleave<T, R>(
  items: readonly T[],
  rounds: number,
  measure: (item: T, round: number) => Promise<R>,
): Promise<Map<T, R[]>> {
  const results = new Map<T, R[]>(items.map((item) => [item, []]))
  for (let round = 0; round < rounds; round++) {
    for (const item of orderOfRound(items, round)) results.get(item)?.push(await measure(item, round))
  }
  return results
}
