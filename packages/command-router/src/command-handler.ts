import { type Decide, type DecisionOn, type HandlingAlone, statelessDefinition } from '@writ/aggregate'
import {
  type AnyCommand,
  type AnyCommandClass,
  type AnyEventClass,
  type Class,
  isCommandClass,
  refuseUnknownOptions,
} from '@writ/event-store'
import { checkRouteOptions } from './check-route.js'
import { InvalidCommandHandlerError } from './errors/routing-errors.js'
import { boundaryOf, named, type Route, type RouteOptions } from './route.js'

/** What the route to a handler without an aggregate may say. */
export interface AloneOptions<C extends AnyCommand, BoundaryState = unknown>
  extends Pick<RouteOptions<C, BoundaryState>, 'boundary' | 'middleware'> {
  /** Where its events go, whatever is there; and its receipts. */
  readonly stream: (command: C) => string
  /** All events that it may decide; none by default. */
  readonly events?: readonly AnyEventClass[]
}

export const aloneOptions: Record<keyof AloneOptions<AnyCommand>, true> = {
  stream: true,
  events: true,
  boundary: true,
  middleware: true,
}

/** The same with the handler itself. */
export interface HandlerAlone<C extends AnyCommand, Transaction extends object, BoundaryState>
  extends AloneOptions<C, BoundaryState> {
  readonly handle: (command: C, handling: HandlingAlone<Transaction, BoundaryState>) => DecisionOn<C> | Promise<DecisionOn<C>>
}

/**
 * A handler without an aggregate, as a value: it decides on rows that it reads in its transaction, on a boundary, or on nothing but the
 * command.
 *
 * @example commandHandler(PayOut, { stream: ({ payment }) => `payment-${payment}`, events: [PaidOut],
 *   handle: async ({ payment }, { transaction: { sql } }: HandlingAlone<SqlTransaction>) => … })
 */
export function commandHandler<C extends AnyCommand, Transaction extends object = object, BoundaryState = unknown>(
  commandClass: Class<C>,
  options: HandlerAlone<C, Transaction, BoundaryState>,
): Route {
  const command = commandClass as unknown as AnyCommandClass
  const name = `commandHandler(${command?.name})`
  refuseUnknownOptions(name, options, [...Object.keys(aloneOptions), 'handle'])
  const { handle } = options
  if (typeof handle !== 'function') throw new InvalidCommandHandlerError(name, 'it gives no function `handle`')
  const decide: Decide<unknown> = (_state, message, handling) => handle(message as C, handling as never)
  Object.defineProperty(decide, 'name', { value: handle.name })
  return routeAlone(command, named(decide, `the handler of '${command?.type}'`), options)
}

/** @internal */
export function routeAlone<C extends AnyCommand>(
  commandClass: AnyCommandClass,
  decide: Decide<unknown>,
  { stream, events = [], boundary, middleware = [] }: AloneOptions<C>,
): Route {
  if (!isCommandClass(commandClass)) throw new InvalidCommandHandlerError(decide.name, 'it names no command class')
  checkRouteOptions(decide.name, { boundary, middleware })
  if (typeof stream !== 'function')
    throw new InvalidCommandHandlerError(decide.name, 'it has no function `stream` that says where its events go')
  return {
    commandClass,
    aggregate: statelessDefinition(decide.name, commandClass, events, decide),
    handler: decide.name,
    decide,
    identity: '',
    prefix: undefined,
    stream: stream as (command: AnyCommand) => string,
    ...boundaryOf(boundary),
    middleware,
  }
}
