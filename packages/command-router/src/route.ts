import {
  type AggregateDefinition,
  type Decide,
  type DecisionBoundary,
  type DecisionOn,
  type Handling,
  InvalidBoundaryError,
} from '@writ/aggregate'
import {
  type AnyCommand,
  type AnyCommandClass,
  type AnyEventClass,
  type Class,
  type EventQuery,
  type EventQueryItem,
  InvalidOptionError,
  type RecordedEvent,
  refuseUnknownOptions,
} from '@writ/event-store'
import { checkAggregate, checkedRoute, checkMiddleware, checkParties, checkRouteOptions } from './check-route.js'
import type { Middleware } from './middleware.js'
import type { IdentityFrom, NeededIdentity } from './needed-identity.js'

/** Which aggregate a command is for, and who decides on it. */
export interface Route {
  readonly commandClass: AnyCommandClass
  readonly aggregate: AggregateDefinition
  /** For errors: such as `Account.deposit` or `OpenAccountHandler`. */
  readonly handler: string
  readonly decide: Decide<unknown>
  /** A field of the command, or a function of it. */
  readonly identity: string | ((command: AnyCommand) => string)
  /** Stands between category and identity in the stream's name. */
  readonly prefix: string | ((command: AnyCommand) => string) | undefined
  /** The whole name, where there is no aggregate. */
  readonly stream?: (command: AnyCommand) => string
  readonly boundary: ((command: AnyCommand) => EventQuery) | undefined
  /** What the boundary's events come to. */
  readonly boundaryState: ((command: AnyCommand, events: readonly RecordedEvent[]) => unknown) | undefined
  /** The events that the boundary can hold, as far as it names them. */
  readonly boundaryEvents: readonly AnyEventClass[]
  /** Around this command alone, inside of the router's. */
  readonly middleware: readonly Middleware[]
}

/** The events that a decision also depends on: a query, or the types and tags of a single item. */
export type Boundary = EventQuery | EventQueryItem

/** What a route may say besides command and aggregate. */
export interface RouteOptions<C extends AnyCommand, BoundaryState = unknown> {
  /** The decision holds only as long as nothing newer matches: a value of `boundary({ … })`, or a function that gives a query. */
  readonly boundary?: DecisionBoundary<NoInfer<C>, BoundaryState> | ((command: C) => Boundary)
  /** A field of the command, or a function of it; the aggregate's identity field by default. */
  readonly identity?: IdentityFrom<C>
  /** Stands in front of the identity in the stream's name, such as a tenant's: `account-<prefix><identity>`. None by default. */
  readonly prefix?: string | ((command: C) => string)
  /** Around this command alone, inside of the router's. */
  readonly middleware?: readonly Middleware[]
}

/** The names of what a route may say besides command and aggregate. */
export const routeOptions: Record<keyof RouteOptions<AnyCommand>, true> = {
  boundary: true,
  identity: true,
  prefix: true,
  middleware: true,
}

/** A route to a function that decides outside of its aggregate, with what it needs at hand. */
export interface RouteTo<C extends AnyCommand, State, BoundaryState = unknown, Identity extends string = string>
  extends RouteOptions<C, BoundaryState> {
  readonly aggregate: AggregateDefinition<State, Identity>
  /** The aggregate's own decision by default. */
  readonly handle?: (
    state: NoInfer<State>,
    command: C,
    handling: Handling<BoundaryState>,
  ) => DecisionOn<C> | Promise<DecisionOn<C>>
}

/** One command → one aggregate, as a value. */
export function route<C extends AnyCommand, State, BoundaryState = unknown, const Identity extends string = string>(
  commandClass: Class<C>,
  options: RouteTo<C, State, BoundaryState, Identity> & NeededIdentity<C, State, Identity>,
): Route {
  const command = commandClass as unknown as AnyCommandClass
  const subject = `route(${command?.name})`
  refuseUnknownOptions(subject, options, [...Object.keys(routeOptions), 'aggregate', 'handle'])
  const { aggregate, handle } = options
  checkParties(command, aggregate)
  if (handle !== undefined && typeof handle !== 'function') throw new InvalidOptionError(subject, 'handle', 'must be a function')
  const decide = handle
    ? named(handle as unknown as Decide<unknown>, `the handler of '${command.type}'`)
    : aggregate.decide.get(command.type)
  return routeTo(command, aggregate, decide, options)
}

/**
 * The routes to all commands that an aggregate handles itself.
 *
 * @throws InvalidCommandHandlerError for what is no aggregate
 */
export function routesOf(aggregate: AggregateDefinition): Route[] {
  checkAggregate('routesOf', aggregate)
  return aggregate.commands.map((command) => routeTo(command, aggregate, aggregate.decide.get(command.type), {}))
}

/** The same routes with these middleware around each of them; such groups can be nested. */
export function withMiddleware(middleware: readonly Middleware[], routes: readonly Route[]): Route[] {
  checkMiddleware('withMiddleware', middleware)
  return routes.map((inner) => ({ ...inner, middleware: [...middleware, ...inner.middleware] }))
}

/** @internal */
export function routeTo<C extends AnyCommand>(
  commandClass: AnyCommandClass,
  aggregate: AggregateDefinition,
  decide: Decide<unknown> | undefined,
  options: RouteOptions<C>,
): Route {
  checkParties(commandClass, aggregate)
  checkRouteOptions(`route(${commandClass.name})`, options)
  const { boundary, identity, prefix, middleware = [] } = options
  const checked = checkedRoute(commandClass, aggregate, decide, identity)
  return {
    commandClass,
    aggregate,
    handler: checked.name,
    decide: checked,
    identity: (identity ?? aggregate.identity) as Route['identity'],
    prefix: prefix as Route['prefix'],
    ...boundaryOf(boundary),
    middleware,
  }
}

/** @internal */
export function boundaryOf<C extends AnyCommand>(
  boundary: RouteOptions<C>['boundary'],
): Pick<Route, 'boundary' | 'boundaryState' | 'boundaryEvents'> {
  if (boundary === undefined) return { boundary: undefined, boundaryState: undefined, boundaryEvents: [] }
  if (typeof boundary === 'function')
    return { boundary: (command) => queryOf(boundary(command as C)), boundaryState: undefined, boundaryEvents: [] }
  return {
    boundary: (command) => boundary.queryOf(command as C),
    boundaryState: (command, events) => boundary.stateOf(command as C, events),
    boundaryEvents: boundary.events,
  }
}

function queryOf(boundary: Boundary): EventQuery {
  const given: unknown = boundary
  if (typeof given !== 'object' || given === null || given instanceof Promise)
    throw new InvalidBoundaryError('its function answers with no query, and a query is what it must give, at once')
  return 'items' in boundary ? boundary : { items: [boundary] }
}

/** @internal Errors about what a function answers call it by its name. */
export function named(decide: Decide<unknown>, name: string): Decide<unknown> {
  const handler: Decide<unknown> = (state, command, handling) => decide(state, command, handling)
  Object.defineProperty(handler, 'name', { value: decide.name === '' || decide.name === 'handle' ? name : decide.name })
  return handler
}
