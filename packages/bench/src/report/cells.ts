import type { Goal, GoalReached } from '../goal.js'
import type { Spread, Summary } from '../summary.js'

/** The heads of a table of systems, in the order of {@link cellsOf}. */
export function headsOf(unit: string): string[] {
  return ['system', `${unit}/s`, 'spread', 'p50 ms', 'p99 ms', 'ratio', 'spread', 'Node µs', 'PostgreSQL µs', 'statements']
}

export function cellsOf({ system, perSecond, p50, p99, ratio, nodeCpu, postgresCpu, statements }: Summary): string[] {
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

export function settingsOf({ system, settings, failuresPerSecond }: Summary): string {
  return `${system}: ${settings}${failuresPerSecond > 0 ? `; ${whole(failuresPerSecond)} a second failed, and are not counted` : ''}`
}

/** `0.52 (0.49–0.55)` */
export function measuredOf({ figure, against }: Goal, { measured }: GoalReached): string {
  const isRate = figure === 'perSecond' && against === undefined
  const text = (value: number) => (isRate ? whole(value) : value.toFixed(2))
  return `${text(measured.median)}${isOne(measured) ? '' : ` (${text(measured.least)}–${text(measured.most)})`}`
}

function isOne({ least, most }: Spread): boolean {
  return least === most
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function fixed(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits)
}
