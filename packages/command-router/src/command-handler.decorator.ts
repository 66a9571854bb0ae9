import {
  type AggregateDefinition,
  checkDecoratorMode,
  type Decide,
  type DecisionOn,
  type Handling,
  type HandlingAlone,
} from '@writ/aggregate'
import { type AnyCommand, type AnyCommandClass, type Class, refuseUnknownOptions } from '@writ/event-store'
import { type AloneOptions, aloneOptions, routeAlone } from './command-handler.js'
import { InvalidCommandHandlerError } from './errors/routing-errors.js'
import type { NeededIdentity } from './needed-identity.js'
import { type Route, type RouteOptions, routeOptions, routeTo } from './route.js'

/** Of the registry, so that duplicate installs agree. */
const handlerOptions = Symbol.for('@writ/command-handler')

/** What `@CommandHandler` writes down. */
export interface CommandHandlerOptions<
  C extends AnyCommand,
  A extends object,
  BoundaryState = unknown,
  Identity extends string = string,
> extends RouteOptions<C, BoundaryState> {
  /** The decorated class whose state it decides on. */
  readonly aggregate: Class<A> | AggregateDefinition<A, Identity>
}

interface WrittenDown {
  readonly commandClass: AnyCommandClass
  readonly options: CommandHandlerOptions<AnyCommand, object> | AloneOptions<AnyCommand>
}

interface AloneHandler<C extends AnyCommand, BoundaryState> {
  handle: (command: C, handling: HandlingAlone<never, BoundaryState>) => DecisionOn<C> | Promise<DecisionOn<C>>
}

// A property, because methods compare bivariantly: a handler of another command would fit.
interface Handler<C extends AnyCommand, A, BoundaryState> {
  handle: (aggregate: A, command: C, handling: Handling<BoundaryState>) => DecisionOn<C> | Promise<DecisionOn<C>>
}

/**
 * Says that a class decides on a command: its method `handle(aggregate, command, handling)` gets the aggregate's state and returns
 * events, or throws a DomainError to refuse. For decisions that need injected services, or events of others (`boundary`).
 *
 * With `stream` instead of `aggregate` there is no state: `handle(command, handling)` decides on rows that it reads in the transaction in
 * which its events are stored, on a boundary, or on nothing but the command.
 */
export function CommandHandler<C extends AnyCommand, BoundaryState = unknown>(
  commandClass: Class<C>,
  options: AloneOptions<C, BoundaryState>,
): <K extends Class<AloneHandler<C, BoundaryState>>>(handlerClass: K, ...rest: readonly unknown[]) => void
export function CommandHandler<
  C extends AnyCommand,
  A extends object,
  BoundaryState = unknown,
  const Identity extends string = string,
>(
  commandClass: Class<C>,
  options: CommandHandlerOptions<C, A, BoundaryState, Identity> & NeededIdentity<C, A, Identity>,
): <K extends Class<Handler<C, A, BoundaryState>>>(handlerClass: K, ...rest: readonly unknown[]) => void
export function CommandHandler(commandClass: Class<AnyCommand>, options: object) {
  return (handlerClass: Class<object>, ...rest: readonly unknown[]): void => {
    checkDecoratorMode('CommandHandler', rest[0])
    Object.defineProperty(handlerClass, handlerOptions, { value: { commandClass, options } })
  }
}

/**
 * A decorated class → its route.
 *
 * @param resolve gives the instance, once for every command
 * @param definitionOf gives the aggregate that a decorated class writes down: `aggregateOf`
 * @throws InvalidCommandHandlerError for a class that can't work
 */
export function commandHandlerOf<T extends object>(
  handlerClass: Class<T>,
  resolve: () => T | Promise<T>,
  definitionOf: (aggregateClass: Class<object>) => AggregateDefinition,
): Route {
  const { commandClass, options } = written(handlerClass)
  if ('stream' in options)
    return routeAlone(
      commandClass,
      decideBy(handlerClass, resolve, (_state, ...input) => input),
      options,
    )
  const aggregate = typeof options.aggregate === 'function' ? definitionOf(options.aggregate) : options.aggregate
  return routeTo(
    commandClass,
    aggregate,
    decideBy(handlerClass, resolve, (...input) => input),
    options,
  )
}

/** @param given what the method gets of all that there is */
function decideBy<T extends object>(
  handlerClass: Class<T>,
  resolve: () => T | Promise<T>,
  given: (...input: Parameters<Decide<unknown>>) => readonly unknown[],
): Decide<unknown> {
  const handle = (instance: T, input: readonly unknown[]) =>
    (instance as { handle(...input: readonly unknown[]): ReturnType<Decide<unknown>> }).handle(...input)
  const decide: Decide<unknown> = (...input) => {
    const instance = resolve()
    return instance instanceof Promise
      ? instance.then((resolved) => handle(resolved, given(...input)))
      : handle(instance, given(...input))
  }
  Object.defineProperty(decide, 'name', { value: `${handlerClass.name}.handle` })
  return decide
}

/** The command that a decorated class handles. */
export function handledBy(handlerClass: Class<object>): AnyCommandClass {
  return written(handlerClass).commandClass
}

function written(handlerClass: Class<object>): WrittenDown {
  const name = handlerClass?.name ?? String(handlerClass)
  const found = Object.hasOwn(handlerClass ?? {}, handlerOptions)
    ? (handlerClass as unknown as { [handlerOptions]?: WrittenDown })[handlerOptions]
    : undefined
  if (!found)
    throw new InvalidCommandHandlerError(name, 'it has no @CommandHandler(Command, { aggregate }) nor one with { stream }')
  if (typeof (handlerClass.prototype as { handle?: unknown }).handle !== 'function')
    throw new InvalidCommandHandlerError(name, 'it has no method handle')
  if (found.options && 'stream' in found.options) {
    refuseUnknownOptions(`@CommandHandler on ${name}`, found.options, Object.keys(aloneOptions))
    return found
  }
  if (!found.options?.aggregate)
    throw new InvalidCommandHandlerError(name, 'its aggregate is undefined, perhaps because two files import each other')
  refuseUnknownOptions(`@CommandHandler on ${name}`, found.options, [...Object.keys(routeOptions), 'aggregate'])
  return found
}
