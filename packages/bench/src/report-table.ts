import type { Summary } from './summary.js'

/**
 * A table for people: medians of the windows, and CPU and statements an event.
 *
 * @param unit what `perSecond` counts: `events`
 */
export function table(title: string, unit: string, summaries: readonly Summary[]): string {
  const columns = [
    'system',
    `${unit}/s`,
    'spread',
    'p50 ms',
    'p99 ms',
    'ratio',
    'spread',
    'Node µs',
    'PostgreSQL µs',
    'statements',
  ]
  const rows = [columns, ...summaries.map(cells)]
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  )
  const settings = summaries.map(
    ({ system, settings, failuresPerSecond }) =>
      `${system}: ${settings}${failuresPerSecond > 0 ? `; ${whole(failuresPerSecond)} a second failed, and are not counted` : ''}`,
  )
  return [title, '', ...lines, '', ...settings, ''].join('\n')
}

function cells({ system, perSecond, p50, p99, ratio, nodeCpu, postgresCpu, statements }: Summary): string[] {
  return [
    system,
    whole(perSecond.median),
    `${whole(perSecond.least)}–${whole(perSecond.most)}`,
    fixed(p50, 2),
    fixed(p99, 2),
    fixed(ratio?.median ?? null, 2),
    ratio ? `${fixed(ratio.least, 2)}–${fixed(ratio.most, 2)}` : '-',
    fixed(nodeCpu, 1),
    fixed(postgresCpu, 1),
    fixed(statements, 2),
  ]
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function fixed(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits)
}
