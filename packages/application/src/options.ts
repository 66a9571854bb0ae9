import type { AggregateSettings, AggregatesOptions } from '@writ/aggregate'
import { type DispatchDefaults, type Middleware } from '@writ/command-router'
import type { CheckpointOptions, ErrorPolicy } from '@writ/event-handler'
import { type EventStore, type Logger, type Runtime, refuseNoOptions } from '@writ/event-store'
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
  readonly aggregates?: AggregateOptions
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

/** Of all aggregates together, and of single ones. */
export interface AggregateOptions extends Pick<AggregatesOptions, 'cacheSize' | 'lifespan' | 'maxPending' | 'maxPendingTotal'> {
  /** By category, what is otherwise than the aggregate itself says. */
  readonly byCategory?: Readonly<Record<string, AggregateSettings>>
}

export interface SubscriptionOptions {
  /** What follows when a handler fails that does not say so itself: `retryThenStop()` by default. */
  readonly onError?: ErrorPolicy
  /** How long a lost lease keeps others out: milliseconds, 5,000 by default. */
  readonly leaseMilliseconds?: number
  /** When the checkpoints of event handlers and process managers are stored: of those that don't say so themselves. */
  readonly checkpoint?: CheckpointOptions
}

const groups = ['dispatch', 'aggregates', 'subscriptions'] as const

/** The same options with some of them replaced: groups of options key by key, lists as a whole. */
export function overridden<Transaction extends object>(
  options: ApplicationOptions<Transaction>,
  overrides: Partial<ApplicationOptions<Transaction>>,
): ApplicationOptions<Transaction> {
  refuseNoOptions('Application.create', options)
  refuseNoOptions('Application.create', overrides)
  const merged = { ...options, ...overrides }
  for (const group of groups) {
    if (options[group] && overrides[group]) Object.assign(merged, { [group]: { ...options[group], ...overrides[group] } })
  }
  return merged
}
