import type { AggregateDefinition, Decide, DecisionBoundary } from '@writ/aggregate'
import { type AnyCommand, type AnyCommandClass, InvalidOptionError, isCommandClass, nearestName } from '@writ/event-store'
import { InvalidCommandHandlerError } from './errors/routing-errors.js'

/**
 * That these are what they should be; an import that goes in a circle leaves undefined where one of them should be.
 *
 * @throws InvalidCommandHandlerError
 */
export function checkParties(commandClass: unknown, aggregate: unknown): void {
  const name = `of '${isCommandClass(commandClass) ? commandClass.type : String(commandClass)}'`
  if (!isCommandClass(commandClass))
    throw new InvalidCommandHandlerError(name, 'it names no command class; is it undefined, as in a circular import')
  checkAggregate(name, aggregate)
}

/** @throws InvalidCommandHandlerError */
export function checkAggregate(name: string, aggregate: unknown): asserts aggregate is AggregateDefinition {
  if ((aggregate as Partial<AggregateDefinition> | null | undefined)?.decide instanceof Map) return
  const why =
    typeof aggregate === 'function'
      ? `its aggregate is a class; give aggregateOf(${aggregate.name})`
      : 'its aggregate is none; is it undefined, as in a circular import'
  throw new InvalidCommandHandlerError(name, why)
}

type Unchecked = { readonly [K in 'boundary' | 'prefix' | 'middleware']?: unknown }

/** @throws InvalidOptionError */
export function checkRouteOptions(subject: string, { boundary, prefix, middleware }: Unchecked): void {
  const isMade = typeof (boundary as Partial<DecisionBoundary<AnyCommand, unknown>> | null)?.queryOf === 'function'
  if (boundary !== undefined && typeof boundary !== 'function' && !isMade)
    throw new InvalidOptionError(subject, 'boundary', 'must be made by boundary({ … }), or be a function that gives a query')
  if (prefix !== undefined && typeof prefix !== 'string' && typeof prefix !== 'function')
    throw new InvalidOptionError(subject, 'prefix', 'must be text or a function')
  if (middleware !== undefined) checkMiddleware(subject, middleware)
}

/** @throws InvalidOptionError */
export function checkMiddleware(subject: string, middleware: unknown): void {
  if (Array.isArray(middleware) && middleware.every((one) => typeof one === 'function')) return
  throw new InvalidOptionError(subject, 'middleware', 'must be a list of middleware')
}

/**
 * What a route needs to work; found before anything starts.
 *
 * @throws InvalidCommandHandlerError
 */
export function checkedRoute(
  commandClass: AnyCommandClass,
  aggregate: AggregateDefinition,
  decide: Decide<unknown> | undefined,
  identity: unknown = aggregate.identity,
): Decide<unknown> {
  const handler = decide?.name ?? `of '${commandClass?.type}'`
  if (decide === undefined) {
    throw new InvalidCommandHandlerError(
      handler,
      `it gives no function, and ${aggregate.name} does not handle '${commandClass.type}' itself`,
    )
  }
  if (typeof identity !== 'function' && !Object.hasOwn(commandClass.schema.shape, String(identity))) {
    const nearest = nearestName(String(identity), Object.keys(commandClass.schema.shape))
    throw new InvalidCommandHandlerError(
      handler,
      `the command '${commandClass.type}' has no field '${String(identity)}' to say which ${aggregate.name} is meant${nearest ? `; is '${nearest}' the one` : ''}`,
    )
  }
  return decide
}
