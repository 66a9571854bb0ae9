import type { Level, MeasuredSystem } from './level.js'
import { countOfCallers } from './level.js'
import { median, ratios } from './statistics.js'
import { type Spread, spread } from './summary.js'

/** One figure of one system, and how far it should go. */
export interface Goal {
  readonly callers: number
  readonly system: string
  /** `course` is what the rate at the end is of the rate at the beginning: a quarter of the windows each. */
  readonly figure: 'perSecond' | 'p50' | 'p99' | 'course' | 'failuresPerSecond'
  /** Then the figure's ratio to this system's counts, round by round. */
  readonly against?: string
  readonly atLeast?: number
  readonly atMost?: number
}

export interface GoalReached {
  /** `writ, 64 callers: events/s to copy's at least 0.4` */
  readonly text: string
  readonly measured: Spread
  readonly isReached: boolean
}

/** @returns undefined where the level lacks what the goal speaks of */
export function reached(goal: Goal, level: Level, unit: string): GoalReached | undefined {
  if (goal.callers !== level.callers) return undefined
  const of = (name: string) => level.systems.find((system) => system.name === name)
  const [system, reference] = [of(goal.system), goal.against === undefined ? undefined : of(goal.against)]
  if (!system || (goal.against !== undefined && !reference)) return undefined
  const own = figures(goal, system)
  const values = reference ? ratios(own, figures(goal, reference)) : own
  if (values.length === 0 || values.some(Number.isNaN)) return undefined
  const measured = spread(values)
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = goal
  // A failure in one round is one too many.
  const held = goal.figure === 'failuresPerSecond' ? measured.most : measured.median
  return { text: textOf(goal, unit), measured, isReached: held >= atLeast && held <= atMost }
}

function figures({ figure }: Goal, { windows }: MeasuredSystem): number[] {
  if (figure !== 'course') return windows.map((window) => window[figure] ?? Number.NaN)
  const quarter = Math.max(1, Math.floor(windows.length / 4))
  const rates = windows.map(({ perSecond }) => perSecond)
  return [median(rates.slice(-quarter))! / median(rates.slice(0, quarter))!]
}

function textOf({ callers, system, figure, against, atLeast, atMost }: Goal, unit: string): string {
  const what = {
    perSecond: `${unit}/s`,
    p50: 'p50',
    p99: 'p99',
    course: `${unit}/s at the end to those at the beginning`,
    failuresPerSecond: 'failures/s',
  }[figure]
  const milliseconds = figure.startsWith('p') && figure !== 'perSecond' && against === undefined ? ' ms' : ''
  const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast.toLocaleString('en')}`
  return `${system}, ${countOfCallers(callers)}: ${what}${against === undefined ? '' : ` to ${against}'s`} ${bound}${milliseconds}`
}
