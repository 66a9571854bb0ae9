import type { Aggregates } from '@writ/aggregate'
import { type EventStore, InvalidOptionError, type Runtime, refuseUnknownOptions, systemRuntime } from '@writ/event-store'
import { checkDispatchDefaults, type DispatchDefaults } from './dispatch-options.js'
import type { Middleware } from './middleware.js'
import type { Route } from './route.js'

/** Waits until handlers have seen what a command has written: all strongly consistent ones, or those named. */
export type WaitFor = (decided: DecidedEvents, handlers: 'strong' | readonly string[], timeout: number) => Promise<void>

/** The events of one command; they stand next to each other. */
export interface DecidedEvents {
  readonly stream: string
  /** The last one's position; where nothing was decided, that of the stream's last event. */
  readonly position: number
  /** Their types, in their order; none where nothing was decided. */
  readonly types: readonly string[]
}

export interface CommandRouterOptions {
  /** From `route`, `routesOf`, `commandHandlerOf`; a command has exactly one. */
  readonly routes: readonly Route[]
  readonly aggregates: Aggregates
  /** Those on another store, for a dispatch that names one: the same ones for the same store. Without it no dispatch may. */
  readonly aggregatesOn?: (store: EventStore) => Aggregates
  /** Around every command, the first one outermost. */
  readonly middleware?: readonly Middleware[]
  readonly runtime?: Runtime
  /** Needed for any consistency but 'eventual'. */
  readonly waitFor?: WaitFor
  readonly defaults?: DispatchDefaults
  /** How many events, each the cause of the next, a command may follow from: 100 by default. What goes in a circle ends there. */
  readonly causationLimit?: number
}

const known: Record<keyof CommandRouterOptions, true> = {
  routes: true,
  aggregates: true,
  aggregatesOn: true,
  middleware: true,
  runtime: true,
  waitFor: true,
  defaults: true,
  causationLimit: true,
}

/** The options with the defaults. */
export interface RouterSettings
  extends Required<Pick<CommandRouterOptions, 'aggregates' | 'middleware' | 'runtime' | 'causationLimit'>> {
  readonly aggregatesOn: CommandRouterOptions['aggregatesOn']
  readonly waitFor: WaitFor | undefined
  readonly defaults: DispatchDefaults & Required<Pick<DispatchDefaults, 'timeout' | 'consistency' | 'retries'>>
}

/** @throws InvalidOptionError */
export function checkedOptions(options: CommandRouterOptions): RouterSettings {
  refuseUnknownOptions('CommandRouter', options, Object.keys(known))
  const {
    aggregates,
    aggregatesOn,
    middleware = [],
    runtime = systemRuntime,
    waitFor,
    causationLimit = 100,
    defaults = {},
  } = options
  if (!(causationLimit >= 1)) throw new InvalidOptionError('CommandRouter', 'causationLimit', 'must be a number from 1')
  checkDispatchDefaults(defaults)
  return {
    aggregates,
    aggregatesOn,
    middleware,
    runtime,
    waitFor,
    causationLimit,
    defaults: { timeout: 30_000, consistency: 'eventual', retries: 10, ...defaults },
  }
}
