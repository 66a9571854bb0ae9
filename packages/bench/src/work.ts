import type { Figure } from './figures/figure.js'
import type { Goal } from './goal.js'
import type { Environment, System } from './system.js'

/** What is measured: one thing to do, and the systems that do it. */
export interface Work {
  readonly name: string
  /** A sentence for the help and the table's head. */
  readonly description: string
  /** What `perSecond` counts, for the table's head: `events`. */
  readonly unit: string
  readonly systems: readonly System[]
  /** What else the same rounds measure, shown in the table only: how far the machine goes at this moment. */
  readonly limits: readonly System[]
  /** How many call at once, where nobody says it; 1, 16, 64 and 256 by default. */
  readonly callers?: readonly number[]
  /** Those that the page of the documentation shows, where they are others. */
  readonly reported?: readonly number[]
  /** The system that ratios are to, where nobody says it; `emmett` by default. */
  readonly against?: string
  /** How many windows there are, where their number is part of the work and none only warms up. */
  readonly rounds?: number
  /** Milliseconds that each flush takes longer than this machine's, on a server that is started for it. */
  readonly flushDelay?: number
  /** Fills the schema that all systems then work in, instead of one of their own each. */
  prepare?(environment: Environment, progress: (line: string) => void): Promise<void>
  /** What the figures should reach. */
  readonly goals?: readonly Goal[]
  /** What else is measured, once, and is no rate. */
  readonly figures?: readonly Figure[]
  /** What keeps Writ from being faster here, as profiles show it; for the page of the documentation. */
  readonly limitedBy?: string
}
