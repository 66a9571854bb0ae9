import type { Runtime } from '@writ/event-store'
import { fixedIds } from './fixed-ids.js'
import { type Moment, type VirtualClock, virtualClock } from './virtual-clock.js'

export interface TestRuntimeOptions {
  /** When it is at first: the beginning of 2026 by default. */
  readonly now?: Moment
  /** For ids and chance: 1 by default; see `fixedIds`. */
  readonly seed?: number
}

export interface TestRuntime extends Runtime, VirtualClock {}

/** A runtime of which nothing is left to chance: `virtualClock` and `fixedIds` in one. */
export function testRuntime({ now, seed }: TestRuntimeOptions = {}): TestRuntime {
  return { ...virtualClock(now === undefined ? {} : { now }), ...fixedIds(seed === undefined ? {} : { seed }) }
}

/** Whether somebody moves this runtime's time by hand. */
export function isVirtual(runtime: Runtime | undefined): runtime is Runtime & VirtualClock {
  return typeof (runtime as Partial<VirtualClock> | undefined)?.during === 'function'
}
