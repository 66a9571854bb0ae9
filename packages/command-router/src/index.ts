export { causedBy } from './caused-by.js'
export { CommandHandler, type CommandHandlerOptions, commandHandlerOf, handledBy } from './command-handler.decorator.js'
export { type AloneOptions, commandHandler, type HandlerAlone } from './command-handler.js'
export { CommandRouter } from './command-router.js'
export type { CommandRouterOptions, DecidedEvents, WaitFor } from './command-router-options.js'
export {
  type Consistency,
  checkDispatchDefaults,
  checkDispatchOptions,
  type DispatchDefaults,
  type DispatchOptions,
  isEventStore,
} from './dispatch-options.js'
export {
  CausationTooDeepError,
  DuplicateCategoryError,
  DuplicateRouteError,
  InvalidCommandHandlerError,
  MissingAnswerError,
  MissingIdentityError,
  NotACommandError,
  RepeatedNextError,
  UnknownCommandError,
} from './errors/routing-errors.js'
export type { Provisional, WithinOptions } from './within-transaction.js'
export { fingerprintOf } from './fingerprint.js'
export { type DispatchContext, forCommands, type Middleware } from './middleware.js'
export type { Dispatched, Reply, Returning, ReturningState } from './reply.js'
export { type Boundary, type Route, type RouteOptions, type RouteTo, route, routesOf, withMiddleware } from './route.js'
