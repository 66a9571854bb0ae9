import type { Window } from './measuring.js'

/** What all systems did with one number of callers. */
export interface Level {
  readonly callers: number
  readonly systems: readonly MeasuredSystem[]
}

export interface MeasuredSystem {
  readonly name: string
  readonly settings: string
  /** One for each round. */
  readonly windows: readonly Window[]
}

/** `1 caller`, `64 callers` */
export function countOfCallers(callers: number): string {
  return callers === 1 ? '1 caller' : `${callers} callers`
}
