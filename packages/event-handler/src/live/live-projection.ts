import {
  type AnyEventClass,
  type Class,
  InvalidOptionError,
  isEventClass,
  type RecordedEvent,
  refuseUnknownOptions,
} from '@writ/event-store'
import { type Handler, handlersByType, handlersOfClass } from '../definition/define.js'
import { refuseStandardMode } from '../definition/on.js'
import { namePattern } from '../definition/subscription-definition.js'
import { DuplicateHandlerError, InvalidSubscriptionError, NotDecoratedError } from '../errors/definition-errors.js'

/** What is folded when it is asked for, and kept nowhere. */
export interface LiveProjectionDefinition<State = unknown> {
  readonly kind: 'live-projection'
  readonly name: string
  /** How errors call it. */
  readonly source: string
  readonly events: readonly AnyEventClass[]
  /** Only events of streams of these categories; of all where there are none. */
  readonly categories: readonly string[]
  /** Only events that have all of these tags. */
  readonly tags: readonly string[]
  /** A new one each time. */
  readonly begin: () => LiveFold<State>
}

/** One fold under way. */
export interface LiveFold<State> {
  readonly state: () => State
  /** Event type → what it changes. */
  readonly handlers: ReadonlyMap<string, (recorded: RecordedEvent) => unknown>
}

export interface LiveProjectionOptions {
  /** How errors call it: 1 to 200 letters, digits, dots, dashes, underscores. */
  readonly name: string
  /** Only events of streams of this category, or of any of these; of all by default. */
  readonly category?: string | readonly string[]
  /** Only events that have all of these tags; whoever asks may name more. */
  readonly tags?: readonly string[]
}

const optionNames: Record<keyof LiveProjectionOptions, true> = { name: true, category: true, tags: true }

const decorated = new WeakMap<object, LiveProjectionOptions>()

/**
 * Makes a class a state that is folded from the log when it is asked for: its fields are the state, its @On methods change them.
 *
 * @example
 * @LiveProjection({ name: 'turnover', category: 'account' })
 * class Turnover {
 *   total = 0
 *   @On(MoneyDeposited) deposited({ amount }: MoneyDeposited) { this.total += amount }
 * }
 */
export const LiveProjection =
  (options: LiveProjectionOptions) =>
  (projectionClass: Class<object>, ...rest: readonly unknown[]): void => {
    refuseStandardMode('@LiveProjection', rest[0])
    decorated.set(projectionClass, options)
  }

/** The same as a value: states are what `evolve` returns; the map is exhaustive. */
export interface LiveProjectionValue<State, E extends readonly AnyEventClass[]> extends LiveProjectionOptions {
  readonly events: E
  /** A new one for each fold. */
  readonly initialState: () => State
  readonly evolve: LiveEvolveMap<State, E[number]>
}

type LiveEvolveMap<State, E extends AnyEventClass> = {
  readonly [T in E['type']]: (state: State, event: InstanceType<ClassOf<E, T>>, recorded: RecordedEvent) => State
}
type ClassOf<M, T> = Extract<M, { readonly type: T }>

/**
 * The same as {@link LiveProjection}, as a value.
 *
 * @throws InvalidOptionError, InvalidSubscriptionError, DuplicateHandlerError
 * @example liveProjection({ name: 'turnover', events: [Deposited], initialState: () => 0, evolve: { deposited: (sum, { amount }) => sum + amount } })
 */
export function liveProjection<State, const E extends readonly AnyEventClass[]>(
  options: LiveProjectionValue<State, E>,
): LiveProjectionDefinition<State> {
  const source = `liveProjection('${options.name}')`
  refuseUnknownOptions(source, options, [...Object.keys(optionNames), 'events', 'initialState', 'evolve'])
  const { events, initialState } = options
  const evolve = new Map<string, (state: State, event: never, recorded: RecordedEvent) => State>(Object.entries(options.evolve))
  checkEvents(source, events, evolve)
  const begin = (): LiveFold<State> => {
    let state = initialState()
    const handlers = new Map(
      [...evolve].map(([type, change]) => [
        type,
        (recorded: RecordedEvent) => {
          state = change(state, recorded.data as never, recorded)
        },
      ]),
    )
    return { state: () => state, handlers }
  }
  return { kind: 'live-projection', source, events, begin, ...checked(source, options) }
}

/**
 * Reads a class as a live projection: one with {@link LiveProjection}, or an in-memory one with `@Projection`, which is so seen as of a position.
 *
 * @param optionsOf what another decorator of the class says, where it has no @LiveProjection
 * @throws NotDecoratedError, InvalidSubscriptionError, DuplicateHandlerError
 */
export function liveProjectionOf<State extends object>(
  projectionClass: Class<State>,
  optionsOf: (projectionClass: Class<object>) => LiveProjectionOptions | undefined = () => undefined,
): LiveProjectionDefinition<State> {
  const source = `class ${projectionClass.name}`
  const options = decorated.get(projectionClass) ?? optionsOf(projectionClass)
  if (!options) throw new NotDecoratedError(projectionClass.name, '@LiveProjection', undefined)
  if (projectionClass.length > 0) {
    throw new InvalidSubscriptionError(
      source,
      'its constructor wants arguments, and it is made anew for each fold; a branch with it in `run` gives it what it has injected',
    )
  }
  const handlersOf = (instance: object) => handlersOfClass(projectionClass, () => instance).on
  const { events } = handlersByType(source, handlersOf(projectionClass.prototype))
  const begin = (): LiveFold<State> => {
    const instance = new (projectionClass as new () => State)()
    const handlers = new Map(
      handlersOf(instance).map(({ event, handle }: Handler) => [
        event.type,
        (recorded: RecordedEvent) => handle(recorded.data, contextOf(recorded, options.name) as never),
      ]),
    )
    return { state: () => instance, handlers }
  }
  return { kind: 'live-projection', source, events, begin, ...checked(source, options) }
}

const neverAborted = new AbortController().signal

const contextOf = (event: RecordedEvent, subscription: string) => ({ event, subscription, attempt: 1, signal: neverAborted })

function checked(source: string, { name, category = [], tags = [] }: LiveProjectionOptions) {
  if (typeof name !== 'string' || !namePattern.test(name)) {
    throw new InvalidSubscriptionError(source, "its 'name' must be 1 to 200 letters, digits, dots, dashes or underscores")
  }
  const categories = typeof category === 'string' ? [category] : category
  if (!Array.isArray(categories) || !Array.isArray(tags)) {
    throw new InvalidOptionError(source, Array.isArray(tags) ? 'category' : 'tags', 'must be a list of names')
  }
  return { name, categories, tags }
}

function checkEvents(source: string, events: readonly AnyEventClass[], evolve: ReadonlyMap<string, unknown>): void {
  if (!Array.isArray(events) || events.length === 0)
    throw new InvalidSubscriptionError(source, "its 'events' must name event classes")
  for (const [index, event] of events.entries()) {
    if (!isEventClass(event)) throw new InvalidSubscriptionError(source, 'it was given something else than an event class')
    const { type } = event
    const first = events.findIndex((other) => other.type === type)
    if (first !== index) throw new DuplicateHandlerError(source, type, [`events[${first}]`, `events[${index}]`])
    if (typeof evolve.get(type) !== 'function')
      throw new InvalidSubscriptionError(source, `its 'evolve' has no function '${type}'`)
  }
  for (const type of evolve.keys()) {
    if (events.some((event) => event.type === type)) continue
    throw new InvalidSubscriptionError(source, `its 'evolve' has a function '${type}', and no such event is listed`)
  }
}
