import type { DispatchDefaults, Middleware } from '@writ/command-router'
import { type EventStore, InvalidOptionError, type Logger, type Runtime, refuseUnknownOptions } from '@writ/event-store'
import type { Module } from './module.js'

/** @typeParam Transaction what work in a transaction of the store gets */
export interface ApplicationOptions<Transaction extends object = object> {
  readonly store: EventStore<Transaction>
  readonly modules: readonly Module[]
  /** How errors, logs and leases call it; `application` by default. */
  readonly name?: string
  /** Wraps every dispatch, around the modules' own. */
  readonly middleware?: readonly Middleware[]
  /** What a dispatch is given that does not say otherwise. */
  readonly dispatch?: DispatchDefaults
  readonly aggregates?: AggregateCacheOptions
  readonly subscriptions?: SubscriptionOptions
  /** Time, waiting, chance and ids; the system's by default. */
  readonly runtime?: Runtime
  /** Where it reports what nobody waits for; silent by default. */
  readonly logger?: Logger
  /** How long a stop may take: milliseconds, 10,000 by default. */
  readonly stopTimeout?: number
  /**
   * What becomes of a stored event whose type the application does not know: `'refuse'`, the default, is an error for whoever meets it;
   * with `'pass'`, `events()` hands it out as an `UnknownEvent`, aggregates skip it, and health counts it.
   */
  readonly unknownEvents?: 'refuse' | 'pass'
  /**
   * How many events, each the cause of the next, may lead to a command: 100 by default. Handlers that answer each other in a circle are
   * ended by it; raise it where a row of commands and events is meant to be longer.
   */
  readonly causationLimit?: number
  /** How long a command with a given id is answered by its receipt: milliseconds from a minute, 30 days by default. */
  readonly keepReceipts?: number
}

export interface AggregateCacheOptions {
  /** How many idle aggregates stay loaded: 10,000 by default. */
  readonly cacheSize?: number
  /** Milliseconds after which an idle one is dropped; never by default. */
  readonly lifespan?: number
}

export interface SubscriptionOptions {
  /** How long a lost lease keeps others out: milliseconds, 5,000 by default. */
  readonly leaseMilliseconds?: number
}

const applicationKeys: Record<keyof ApplicationOptions, true> = {
  store: true,
  modules: true,
  name: true,
  middleware: true,
  dispatch: true,
  aggregates: true,
  subscriptions: true,
  runtime: true,
  logger: true,
  stopTimeout: true,
  keepReceipts: true,
  causationLimit: true,
  unknownEvents: true,
}
const cacheKeys: Record<keyof AggregateCacheOptions, true> = { cacheSize: true, lifespan: true }
const subscriptionKeys: Record<keyof SubscriptionOptions, true> = { leaseMilliseconds: true }

/** @throws InvalidOptionError */
export function checkOptions(options: ApplicationOptions): void {
  const where = 'Application.create'
  refuseUnknownOptions(where, options, Object.keys(applicationKeys))
  refuseUnknownOptions(`${where}, aggregates`, options.aggregates ?? {}, Object.keys(cacheKeys))
  refuseUnknownOptions(`${where}, subscriptions`, options.subscriptions ?? {}, Object.keys(subscriptionKeys))
  if (typeof options.store?.append !== 'function') {
    throw new InvalidOptionError(
      where,
      'store',
      'must be an event store, such as inMemoryEventStore() or postgresEventStore({ … })',
    )
  }
  if (!Array.isArray(options.modules)) throw new InvalidOptionError(where, 'modules', 'must be a list of modules')
  if (options.name !== undefined && !/^[\w.-]{1,60}$/.test(options.name)) {
    throw new InvalidOptionError(where, 'name', 'must be 1 to 60 letters, digits, dots, dashes or underscores')
  }
  const { stopTimeout, keepReceipts, unknownEvents } = options
  if (unknownEvents !== undefined && unknownEvents !== 'refuse' && unknownEvents !== 'pass') {
    throw new InvalidOptionError(where, 'unknownEvents', "must be 'refuse' or 'pass'")
  }
  if (keepReceipts !== undefined && !(Number.isFinite(keepReceipts) && keepReceipts >= 60_000)) {
    throw new InvalidOptionError(
      where,
      'keepReceipts',
      'must be milliseconds from 60,000: whoever repeats a command must find its receipt',
    )
  }
  if (stopTimeout !== undefined && !(Number.isFinite(stopTimeout) && stopTimeout > 0)) {
    throw new InvalidOptionError(where, 'stopTimeout', 'must be milliseconds above 0')
  }
}

const groups = ['dispatch', 'aggregates', 'subscriptions'] as const

/** The same options with some of them replaced: groups of options key by key, lists as a whole. */
export function overridden<Transaction extends object>(
  options: ApplicationOptions<Transaction>,
  overrides: Partial<ApplicationOptions<Transaction>>,
): ApplicationOptions<Transaction> {
  const merged = { ...options, ...overrides }
  for (const group of groups) {
    if (options[group] && overrides[group]) Object.assign(merged, { [group]: { ...options[group], ...overrides[group] } })
  }
  return merged
}
