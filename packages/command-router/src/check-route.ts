import type { AggregateDefinition, Decide } from '@writ/aggregate'
import { type AnyCommandClass, isCommandClass, nearestName } from '@writ/event-store'
import { InvalidCommandHandlerError } from './errors/routing-errors.js'

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
  if (!isCommandClass(commandClass)) throw new InvalidCommandHandlerError(handler, 'it names no command class')
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
