import type { Class } from '@writ/event-store'
import { defineProjection, handlersOfClass } from './define.js'
import type { ProjectionBatchContext, ProjectionContext, ResetContext, StartContext } from './handler-context.js'
import { type Hooks, hooksOfClass, hooksOfValue } from './hooks.js'
import { type OnEvent, refuseStandardMode } from './on.js'
import type { OnBatchOfEvents } from './on-batch.js'
import { optionsOfClass } from './options-of-class.js'
import type { ProjectionOptions, SubscriptionDefinition } from './subscription-definition.js'

const decorated = new WeakMap<object, ProjectionOptions>()

/** What a projection's class may have besides its @On methods. */
export interface SetsUp extends Hooks {
  /**
   * Makes the read model's tables, in a transaction of its own, before anything is handled.
   *
   * It runs at each start until the first events have been handled, and never after: write `create table if not exists`.
   */
  setUp?(transaction: never): unknown
}

/**
 * Makes a class keep a read model in the store's own database: effects and checkpoint are one transaction, so each event counts once.
 *
 * @example
 * @Projection({ name: 'account-balances', version: 1, consistency: 'strong' })
 * class AccountBalances {
 *   async setUp({ sql }: SqlTransaction) { await sql`create table if not exists account_balances (…)` }
 *   @On(MoneyDeposited)
 *   async deposited(event: MoneyDeposited, { sql }: ProjectionContext<SqlTransaction>) { await sql`update account_balances set …` }
 * }
 */
export const Projection =
  (options: ProjectionOptions) =>
  <ProjectionClass extends Class<object & SetsUp>>(projectionClass: ProjectionClass, ...rest: readonly unknown[]): void => {
    refuseStandardMode('@Projection', rest[0])
    decorated.set(projectionClass, options)
  }

export interface ProjectionValue<Transaction extends object, State = undefined> extends ProjectionOptions {
  readonly on?: readonly OnEvent<ProjectionContext<Transaction, NoInfer<State>>>[]
  readonly onBatch?: OnBatchOfEvents<ProjectionBatchContext<Transaction, NoInfer<State>>>
  /** See {@link SetsUp.setUp}. */
  readonly setUp?: (transaction: Transaction) => unknown
  /** See {@link Hooks.afterStart}. */
  readonly afterStart?: (context: StartContext) => unknown
  /** See {@link Hooks.beforeReset}. */
  readonly beforeReset?: (context: ResetContext<Transaction>) => unknown
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
  return defineProjection(source, options, { on, onBatch }, hooksOfValue(source, options))
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
  return defineProjection(`class ${projectionClass.name}`, options, handlersOfClass(projectionClass, resolve), hooks)
}

/** What a class decorated with {@link Projection} is called, without its version; undefined for any other class. */
export function projectionNameOf(projectionClass: Class<object>): string | undefined {
  return decorated.get(projectionClass)?.name
}
