import { type AggregateDefinition, checkDecoratorMode, type Decide, type DecisionOn, type Handling } from '@writ/aggregate'
import { type AnyCommand, type AnyCommandClass, type Class, refuseUnknownOptions } from '@writ/event-store'
import { InvalidCommandHandlerError } from './errors/routing-errors.js'
import { type Route, type RouteOptions, routeOptions, routeTo } from './route.js'

/** Of the registry, so that duplicate installs agree. */
const handlerOptions = Symbol.for('@writ/command-handler')

/** What `@CommandHandler` writes down. */
export interface CommandHandlerOptions<C extends AnyCommand, A extends object, BoundaryState = unknown>
  extends RouteOptions<C, BoundaryState> {
  /** The decorated class whose state it decides on. */
  readonly aggregate: Class<A> | AggregateDefinition<A>
}

interface WrittenDown {
  readonly commandClass: AnyCommandClass
  readonly options: CommandHandlerOptions<AnyCommand, object>
}

// A property, because methods compare bivariantly: a handler of another command would fit.
interface Handler<C extends AnyCommand, A, BoundaryState> {
  handle: (aggregate: A, command: C, handling: Handling<BoundaryState>) => DecisionOn<C> | Promise<DecisionOn<C>>
}

/**
 * Says that a class decides on a command: its method `handle(aggregate, command, handling)` gets the aggregate's state and returns
 * events, or throws a DomainError to refuse. For decisions that need injected services, or events of others (`boundary`).
 */
export function CommandHandler<C extends AnyCommand, A extends object, BoundaryState = unknown>(
  commandClass: Class<C>,
  options: CommandHandlerOptions<C, A, BoundaryState>,
) {
  return <K extends Class<Handler<C, A, BoundaryState>>>(handlerClass: K, ...rest: readonly unknown[]): void => {
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
  const aggregate = typeof options.aggregate === 'function' ? definitionOf(options.aggregate) : options.aggregate
  const handle = (instance: T, ...input: Parameters<Decide<unknown>>) =>
    (instance as { handle: Decide<unknown> }).handle(...input)
  const decide: Decide<unknown> = (...input) => {
    const instance = resolve()
    return instance instanceof Promise ? instance.then((resolved) => handle(resolved, ...input)) : handle(instance, ...input)
  }
  Object.defineProperty(decide, 'name', { value: `${handlerClass.name}.handle` })
  return routeTo(commandClass, aggregate, decide, options)
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
  if (!found) throw new InvalidCommandHandlerError(name, 'it has no @CommandHandler(Command, { aggregate })')
  if (typeof (handlerClass.prototype as { handle?: unknown }).handle !== 'function')
    throw new InvalidCommandHandlerError(name, 'it has no method handle')
  if (!found.options?.aggregate)
    throw new InvalidCommandHandlerError(name, 'its aggregate is undefined, perhaps because two files import each other')
  refuseUnknownOptions(`@CommandHandler on ${name}`, found.options, [...Object.keys(routeOptions), 'aggregate'])
  return found
}
