import type { Summary } from '../summary.js'
import type { Work } from '../work.js'

/** One line for each of the work's systems; its limits are told in the table only. */
export function jsonLines(work: Work, callers: number, summaries: readonly Summary[]): string[] {
  return summaries
    .filter(({ system }) => work.systems.some(({ name }) => name === system))
    .map(({ system, perSecond, p50, p99, ratio }) =>
      JSON.stringify({
        work: work.name,
        system,
        callers,
        perSecond: rounded(perSecond.median, 1),
        p50ms: rounded(p50, 3),
        p99ms: rounded(p99, 3),
        ratio: rounded(ratio?.median ?? null, 3),
      }),
    )
}

function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits))
}
