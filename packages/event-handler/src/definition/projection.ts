import type { Class } from '@writ/event-store'
import { defineProjection, handlersOfClass } from './define.js'
import type { ProjectionBatchContext, ProjectionContext } from './handler-context.js'
import { type OnEvent, refuseStandardMode } from './on.js'
import type { OnBatchOfEvents } from './on-batch.js'
import { optionsOfClass } from './options-of-class.js'
import type { ProjectionOptions, SubscriptionDefinition } from './subscription-definition.js'

const decorated = new WeakMap<object, ProjectionOptions>()

/** What a projection's class may have besides its @On methods. */
export interface SetsUp {
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

export interface ProjectionValue<Transaction extends object> extends ProjectionOptions {
  readonly on?: readonly OnEvent<ProjectionContext<Transaction>>[]
  readonly onBatch?: OnBatchOfEvents<ProjectionBatchContext<Transaction>>
  /** See {@link SetsUp.setUp}. */
  readonly setUp?: (transaction: Transaction) => unknown
}

/**
 * The same as {@link Projection}, as a value.
 *
 * @throws InvalidSubscriptionError, DuplicateHandlerError
 */
export function projection<Transaction extends object = object>(options: ProjectionValue<Transaction>): SubscriptionDefinition {
  const { on = [], onBatch, setUp } = options
  return defineProjection(
    `projection('${options.name}')`,
    options,
    { on, onBatch },
    setUp as ((transaction: object) => unknown) | undefined,
  )
}

/**
 * Reads what a class decorated with {@link Projection} has written down.
 *
 * @param resolve gives the instance that handles; called at each event
 * @throws NotDecoratedError, InvalidSubscriptionError, DuplicateHandlerError
 */
export function projectionOf(projectionClass: Class<object>, resolve: () => object): SubscriptionDefinition {
  const options = optionsOfClass(projectionClass, '@Projection', decorated)
  const hasSetUp = typeof (projectionClass.prototype as { setUp?: unknown }).setUp === 'function'
  const setUp = hasSetUp
    ? (transaction: object) => (resolve() as { setUp(transaction: object): unknown }).setUp(transaction)
    : undefined
  return defineProjection(`class ${projectionClass.name}`, options, handlersOfClass(projectionClass, resolve), setUp)
}

/** What a class decorated with {@link Projection} is called, without its version; undefined for any other class. */
export function projectionNameOf(projectionClass: Class<object>): string | undefined {
  return decorated.get(projectionClass)?.name
}
