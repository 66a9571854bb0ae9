import type { AnyEvent, Class } from '@writ/event-store'
import type { BatchContext } from '../definition/handler-context.js'
import { InvalidSubscriptionError } from '../errors/definition-errors.js'
import type { NamesTables } from './own-tables.js'

/** What makes a projection a version of a read model: decorators and functions both write this down in its definition. */
export interface ReadModel extends NamesTables, ReadModelHooks {
  /** The projection's name, which all its versions share. */
  readonly name: string
  /** What makes it live once it has caught up: by itself, or `app.projections.swap`. */
  readonly swap: 'when-caught-up' | 'by-hand'
  /** Whether it must agree with the version before it to be made live. */
  readonly isComparable: boolean
}

/** What a class of a projection, or its value, may say of the read model. */
export interface KeepsAReadModel {
  /**
   * Makes this version's tables, in a transaction of its own, before anything is handled.
   *
   * It runs at each start until the first events have been handled, and never after: write `create table if not exists`.
   */
  setUp?(context: never): unknown
  /** Takes this version's tables away, when the version is dropped. */
  tearDown?(context: never): unknown
  /** Deletes the rows that are made of one stream's events, before these are handled again: for `app.projections.replay`. */
  forget?(stream: string, context: never): unknown
  /** What tells two versions apart that should hold the same: a text or a number that SQL computes over all rows, say. */
  checksum?(context: never): unknown
  /** How many rows it has: it tells people where two versions differ, and how much. A number; a text of digits, as `count(*)` comes, will do. */
  count?(context: never): unknown
  /**
   * Called with events whose rows are committed, at least once each, in their order, by the version that is live: for what follows from an
   * update, such as telling clients. It is not lost in a crash.
   */
  afterUpdate?(events: never, context: BatchContext): unknown
}

export interface ReadModelHooks {
  readonly tearDown?: (context: object) => unknown
  readonly forget?: (stream: string, context: object) => unknown
  readonly checksum?: (context: object) => unknown
  readonly count?: (context: object) => unknown
  readonly afterUpdate?: (events: readonly AnyEvent[], context: BatchContext) => unknown
}

type Hook = (...given: readonly never[]) => unknown
const names = ['tearDown', 'forget', 'checksum', 'count', 'afterUpdate'] as const satisfies readonly (keyof ReadModelHooks)[]

/**
 * Those that a value has.
 *
 * @throws InvalidSubscriptionError
 */
export function readModelHooksOfValue(source: string, value: object): ReadModelHooks {
  const given = value as Readonly<Record<string, unknown>>
  const found = names.filter((name) => given[name] !== undefined)
  const wrong = found.find((name) => typeof given[name] !== 'function')
  if (wrong) throw new InvalidSubscriptionError(source, `its '${wrong}' must be a function`)
  return Object.fromEntries(found.map((name) => [name, given[name]]))
}

/** Those that a class has as methods; its instance is made when the first one is called. */
export function readModelHooksOfClass({ prototype }: Class<object>, instance: () => object): ReadModelHooks {
  const methods = prototype as Readonly<Record<string, unknown>>
  const found = names.filter((name) => typeof methods[name] === 'function')
  const call =
    (name: string) =>
    (...given: readonly never[]) =>
      (instance() as Record<string, Hook>)[name]!(...given)
  return Object.fromEntries(found.map((name) => [name, call(name)]))
}

export interface ReadModelOptions {
  /** The schema of the tables that `table()` names; by default they are where the connection looks first. */
  readonly schema?: string
  /** What makes a new version live: `'when-caught-up'` by default, or `'by-hand'`. */
  readonly swap?: 'when-caught-up' | 'by-hand'
  /** Whether the version is to hold the same as the one before, by their `checksum`s, and `count`s where they have them: false by default. */
  readonly comparable?: boolean
}
