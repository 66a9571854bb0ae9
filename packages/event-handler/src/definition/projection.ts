import type { AnyEvent, Class } from '@writ/event-store'
import type { ReadModelContext } from '../projections/own-tables.js'
import { type KeepsAReadModel, readModelHooksOfClass, readModelHooksOfValue } from '../projections/read-model.js'
import { defineProjection, handlersOfClass } from './define.js'
import type { BatchContext, ProjectionBatchContext, ProjectionContext, ResetContext, StartContext } from './handler-context.js'
import { type Hooks, hooksOfClass, hooksOfValue } from './hooks.js'
import { type OnEvent, refuseStandardMode } from './on.js'
import type { OnBatchOfEvents } from './on-batch.js'
import { optionsOfClass } from './options-of-class.js'
import type { ProjectionOptions, SubscriptionDefinition } from './subscription-definition.js'

const decorated = new WeakMap<object, ProjectionOptions>()

/**
 * Makes a class keep a read model in the store's own database: effects and checkpoint are one transaction, so each event counts once.
 *
 * @example
 * @Projection({ name: 'account-balances', version: 1, consistency: 'strong' })
 * class AccountBalances {
 *   async setUp({ sql, table }: ReadModelContext<SqlTransaction>) { await sql`create table if not exists ${table('account_balances')} (…)` }
 *   @On(MoneyDeposited)
 *   async deposited(event: MoneyDeposited, { sql, table }: ProjectionContext<SqlTransaction>) { await sql`update ${table('account_balances')} set …` }
 * }
 */
export const Projection =
  (options: ProjectionOptions) =>
  <ProjectionClass extends Class<object & KeepsAReadModel & Hooks>>(
    projectionClass: ProjectionClass,
    ...rest: readonly unknown[]
  ): void => {
    refuseStandardMode('@Projection', rest[0])
    decorated.set(projectionClass, options)
  }

export interface ProjectionValue<Transaction extends object, State = undefined> extends ProjectionOptions {
  readonly on?: readonly OnEvent<ProjectionContext<Transaction, NoInfer<State>>>[]
  readonly onBatch?: OnBatchOfEvents<ProjectionBatchContext<Transaction, NoInfer<State>>>
  /** See {@link KeepsAReadModel}, as of the next five. */
  readonly setUp?: (context: ReadModelContext<Transaction>) => unknown
  readonly tearDown?: (context: ReadModelContext<Transaction>) => unknown
  readonly forget?: (stream: string, context: ReadModelContext<Transaction>) => unknown
  readonly checksum?: (context: ReadModelContext<Transaction>) => string | number | bigint | Promise<string | number | bigint>
  readonly count?: (context: ReadModelContext<Transaction>) => string | number | bigint | Promise<string | number | bigint>
  readonly afterUpdate?: (events: readonly AnyEvent[], context: BatchContext) => unknown
  /** See {@link Hooks.afterStart}. */
  readonly afterStart?: (context: StartContext) => unknown
  /** See {@link Hooks.beforeReset}. */
  readonly beforeReset?: (context: ResetContext<ReadModelContext<Transaction>>) => unknown
  /** See {@link EventHandlerValue.state}. A transaction that is rolled back does not undo what was done to it. */
  readonly state?: () => State
}

/**
 * The same as {@link Projection}, as a value.
 *
 * @throws InvalidSubscriptionError, DuplicateHandlerError
 */
export function projection<Transaction extends object = object, State = undefined>(
  options: ProjectionValue<Transaction, State>,
): SubscriptionDefinition {
  const { on = [], onBatch } = options
  const source = `projection('${options.name}')`
  return defineProjection(source, options, { on, onBatch }, hooksOfValue(source, options), readModelHooksOfValue(source, options))
}

/**
 * Reads what a class decorated with {@link Projection} has written down.
 *
 * @param resolve gives the instance that handles; called at each event
 * @throws NotDecoratedError, InvalidSubscriptionError, DuplicateHandlerError
 */
export function projectionOf(projectionClass: Class<object>, resolve: () => object): SubscriptionDefinition {
  const options = optionsOfClass(projectionClass, '@Projection', decorated)
  const hooks = hooksOfClass(projectionClass, ['setUp', 'afterStart', 'beforeReset'], resolve)
  const readModelHooks = readModelHooksOfClass(projectionClass, resolve)
  const handlers = handlersOfClass(projectionClass, resolve)
  return defineProjection(`class ${projectionClass.name}`, options, handlers, hooks, readModelHooks)
}

/** What a class decorated with {@link Projection} is called, without its version; undefined for any other class. */
export function projectionNameOf(projectionClass: Class<object>): string | undefined {
  return decorated.get(projectionClass)?.name
}
