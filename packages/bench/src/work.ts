import type { System } from './system.js'

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
}
