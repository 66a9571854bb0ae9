import type { AnyEvent, Class } from '@writ/event-store'
import { defineEventHandler, handlersOfClass } from './define.js'
import type { BatchContext, HandlerContext, ResetContext, StartContext } from './handler-context.js'
import { type Hooks, hooksOfClass, hooksOfValue } from './hooks.js'
import { type OnEvent, refuseStandardMode } from './on.js'
import type { OnBatchOfEvents } from './on-batch.js'
import { optionsOfClass } from './options-of-class.js'
import type { EventHandlerOptions, SubscriptionDefinition } from './subscription-definition.js'

const decorated = new WeakMap<object, EventHandlerOptions>()

/** The methods of a class that take an event, or several, and want more beside it than `Given` or `GivenToBatches` has. */
export type MethodsThatWantMore<Instance, Given, GivenToBatches> = {
  [Key in keyof Instance]: Instance[Key] extends (event: infer _Event extends AnyEvent, context: infer Context) => unknown
    ? Given extends Context
      ? never
      : Key
    : Instance[Key] extends (events: infer _Events extends readonly AnyEvent[], context: infer Context) => unknown
      ? GivenToBatches extends Context
        ? never
        : Key
      : never
}[keyof Instance]

/**
 * Makes a class react to events, each at least once, in the log's order; its effects are outside of the store.
 *
 * @example
 * @EventHandler({ name: 'withdrawal-mails' })
 * class WithdrawalMails {
 *   constructor(private readonly mails: Mails) {}
 *   @On(MoneyWithdrawn)
 *   async withdrawn(event: MoneyWithdrawn, { event: { id } }: HandlerContext) { await this.mails.send({ id, … }) }
 * }
 */
export const EventHandler =
  (options: EventHandlerOptions) =>
  <HandlerClass extends Class<object & Hooks>>(
    handlerClass: [MethodsThatWantMore<InstanceType<HandlerClass>, HandlerContext, BatchContext>] extends [never]
      ? HandlerClass
      : never,
    ...rest: readonly unknown[]
  ): void => {
    refuseStandardMode('@EventHandler', rest[0])
    decorated.set(handlerClass, options)
  }

/** Handles events one by one, or in batches. */
export interface EventHandlerValue<State = undefined> extends EventHandlerOptions {
  readonly on?: readonly OnEvent<HandlerContext<NoInfer<State>>>[]
  readonly onBatch?: OnBatchOfEvents<BatchContext<NoInfer<State>>>
  /** See {@link Hooks.afterStart}. */
  readonly afterStart?: (context: StartContext) => unknown
  /** See {@link Hooks.beforeReset}. */
  readonly beforeReset?: (context: ResetContext) => unknown
  /** Makes what handlers get as `context.state`: anew for each run of each partition, so that no two processes, and no two runs, share it. */
  readonly state?: () => State
}

/**
 * The same as {@link EventHandler}, as a value.
 *
 * @typeParam State what `state` makes; it need not be named where the handlers name their context's type
 * @throws InvalidSubscriptionError, DuplicateHandlerError
 */
export function eventHandler<State = undefined>(options: EventHandlerValue<State>): SubscriptionDefinition {
  const { on = [], onBatch } = options
  const source = `eventHandler('${options.name}')`
  return defineEventHandler(source, options, { on, onBatch }, hooksOfValue(source, options))
}

/**
 * Reads what a class decorated with {@link EventHandler} has written down.
 *
 * @param resolve gives the instance that handles; called at each event
 * @throws NotDecoratedError, InvalidSubscriptionError, DuplicateHandlerError
 */
export function eventHandlerOf(handlerClass: Class<object>, resolve: () => object): SubscriptionDefinition {
  const options = optionsOfClass(handlerClass, '@EventHandler', decorated)
  const hooks = hooksOfClass(handlerClass, ['afterStart', 'beforeReset'], resolve)
  return defineEventHandler(`class ${handlerClass.name}`, options, handlersOfClass(handlerClass, resolve), hooks)
}
