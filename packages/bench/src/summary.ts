import type { Level, MeasuredSystem } from './level.js'
import type { Window } from './measuring.js'
import { median, ratios } from './statistics.js'

/** A system's windows in figures: medians, with their spread from the smallest to the largest. */
export interface Summary {
  readonly system: string
  readonly settings: string
  readonly perSecond: Spread
  /** The median of the rounds' ratios of `perSecond`; null where the reference was not measured. */
  readonly ratio: Spread | null
  readonly p50: number | null
  readonly p99: number | null
  readonly nodeCpu: number | null
  readonly postgresCpu: number | null
  readonly statements: number | null
  readonly failuresPerSecond: number
}

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** @param against the name of the system that ratios are to */
export function summarise(level: Level, against: string): Summary[] {
  const reference = level.systems.find(({ name }) => name === against)
  return level.systems.map((system) => ({
    system: system.name,
    settings: system.settings,
    perSecond: spread(rates(system)),
    ratio: reference ? spread(ratios(rates(system), rates(reference))) : null,
    p50: medianOf(system, 'p50'),
    p99: medianOf(system, 'p99'),
    nodeCpu: medianOf(system, 'nodeCpu'),
    postgresCpu: medianOf(system, 'postgresCpu'),
    statements: medianOf(system, 'statements'),
    failuresPerSecond: medianOf(system, 'failuresPerSecond') ?? 0,
  }))
}

function rates({ windows }: MeasuredSystem): number[] {
  return windows.map(({ perSecond }) => perSecond)
}

function medianOf({ windows }: MeasuredSystem, figure: Exclude<keyof Window, 'perSecond'>): number | null {
  return median(windows.map((window) => window[figure]))
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values) ?? Number.NaN, least: Math.min(...values), most: Math.max(...values) }
}
