import {
  type AggregateDefinition,
  type AggregateSettings,
  aggregateOf,
  InvalidAggregateError,
  withSettings,
} from '@writ/aggregate'
import { commandHandlerOf, type Route, routesOf, withMiddleware } from '@writ/command-router'
import {
  eventHandlerOf,
  type InlineProjectionDefinition,
  inlineProjectionOf,
  isInlineProjection,
  projectionOf,
  type SubscriptionDefinition,
} from '@writ/event-handler'
import {
  type AnyEventClass,
  type Class,
  EventTypes,
  type EventTypesOptions,
  InvalidOptionError,
  isError,
  nearestName,
  refuseUnknownOptions,
  thrownMessage,
  type Upcaster,
} from '@writ/event-store'
import { type ProcessManagerDefinition, processManagerOf } from '@writ/process-manager'
import type { Container } from 'inversify'
import { checkModules } from './check-modules.js'
import { bindListedClass, newContainer, resolve } from './container.js'
import { DuplicateNameError, InvalidApplicationError, MissingCommandHandlerError, UnknownAggregateError } from './errors.js'
import { type Module, moduleKeys, type Part, partsOf } from './module.js'

/** The modules' classes and values, read, checked and wired: what an application runs. */
export interface Composition {
  readonly container: Container
  readonly aggregates: readonly AggregateDefinition[]
  readonly routes: readonly Route[]
  readonly subscriptions: readonly SubscriptionDefinition[]
  readonly inlineProjections: readonly InlineProjectionDefinition[]
  readonly processManagers: readonly ProcessManagerDefinition[]
  readonly events: EventTypes
  /** What the subscription of a listed class or value is called; undefined for what no module lists. */
  subscriptionOf(handler: object): string | undefined
  /**
   * What the modules have made of a decorated class, or of a value.
   *
   * @throws UnknownAggregateError for one that neither they nor their command handlers name
   */
  listedAggregate(aggregate: Class<object> | AggregateDefinition): AggregateDefinition
}

/** What is otherwise than the modules say. */
interface Otherwise {
  readonly byCategory?: Readonly<Record<string, AggregateSettings>> | undefined
  readonly isBranch?: boolean
}

/**
 * Reads and checks everything before anything starts.
 *
 * @throws the typed error of the one problem that there is, or InvalidApplicationError that lists them all
 */
export function compose(
  application: string,
  outermost: readonly Module[],
  reading: Pick<EventTypesOptions, 'unknownEvents' | 'logger'> = {},
  { byCategory: settings = {}, isBranch = false }: Otherwise = {},
): Composition {
  const problems = new Problems()
  const container = newContainer()
  const definitions = new Map<Class<object> | AggregateDefinition, AggregateDefinition>()
  const definitionOf = (aggregate: Class<object> | AggregateDefinition): AggregateDefinition => {
    let known = definitions.get(aggregate)
    if (!known) {
      const own = asValue(aggregate)
      const otherwise = Object.hasOwn(settings, own.category) ? settings[own.category] : undefined
      // Of a class and of the value that is read from it there must be one.
      known = otherwise ? (definitions.get(own) ?? withSettings(own, otherwise)) : own
      definitions.set(own, known).set(known, known)
      definitions.set(aggregate, known)
    }
    return known
  }
  checkModules(outermost)
  const parts = partsOf(outermost)
  const modules = parts.map(({ module }) => module)

  for (const module of modules) problems.collect(() => refuseUnknownOptions(`module '${module.name}'`, module, moduleKeys))
  problems.collect(() => refuseDuplicates('module', modules, (module) => [module.name, `module '${module.name}'`]))
  // All bindings first: a class may have something injected that a later module binds.
  for (const module of modules) problems.collect(() => bind(module, container))

  const aggregates = problems.collectEach(listed(modules, 'aggregates'), definitionOf)
  problems.collect(() => refuseDuplicates('aggregate category', aggregates, ({ category, name }) => [category, name]))
  const instanceOf = (handlerClass: Class<object>) => {
    bindListedClass(container, handlerClass)
    const instance = resolve(container, handlerClass)
    return () => instance
  }
  const routesIn = ({ module: { aggregates = [], commandHandlers = [] } }: Part): Route[] => [
    ...problems
      .collectEach(
        aggregates.filter((aggregate) => definitions.has(aggregate)),
        (aggregate) => routesOf(definitionOf(aggregate)),
      )
      .flat(),
    ...problems.collectEach(commandHandlers, (handler) => {
      const route = typeof handler === 'function' ? commandHandlerOf(handler, instanceOf(handler), definitionOf) : handler
      return { ...route, aggregate: definitionOf(route.aggregate) }
    }),
  ]
  const routes = parts.flatMap((part) => withMiddleware(part.around, routesIn(part)))
  for (const { module } of parts) problems.collect(() => refuseIdleMiddleware(module))
  // A branch may be made of fewer modules than the application whose settings it has.
  if (!isBranch) problems.collect(() => refuseUnknownCategories(settings, routes, aggregates))
  const names = new Map<object, string>()
  const noted = <T extends { readonly name: string }>(handler: object, definition: T): T => {
    names.set(handler, definition.name)
    return definition
  }
  const projections = problems.collectEach(listed(modules, 'projections'), (projection) => {
    if (typeof projection !== 'function') return noted(projection, projection)
    if (isInlineProjection(projection)) return inlineProjectionOf(projection, instanceOf(projection))
    return noted(projection, projectionOf(projection, instanceOf(projection)))
  })
  const inlineProjections = projections.filter((one) => one.kind === 'inline-projection')
  const subscriptions = [
    ...problems.collectEach(listed(modules, 'eventHandlers'), (handler) =>
      noted(handler, typeof handler === 'function' ? eventHandlerOf(handler, instanceOf(handler)) : handler),
    ),
    ...projections.filter((one) => one.kind !== 'inline-projection'),
  ]
  const processManagers = problems.collectEach(listed(modules, 'processManagers'), (manager) =>
    noted(manager, typeof manager === 'function' ? processManagerOf(manager, instanceOf(manager)) : manager),
  )
  const named = [...subscriptions, ...processManagers]
  problems.collect(() => refuseDuplicates('inline projection', inlineProjections, ({ name, source }) => [name, source]))
  problems.collect(() => refuseDuplicates('subscription', named, ({ name, source }) => [name, source]))
  for (const module of modules) {
    for (const promised of module.commands ?? []) {
      if (routes.some(({ commandClass }) => commandClass === promised)) continue
      problems.add(new MissingCommandHandlerError(promised.type, module.name))
    }
  }
  const classes = [...eventClasses(modules, aggregates, routes, [...named, ...inlineProjections])]
  const upcasters = upcastersOf(modules)
  for (const problem of EventTypes.problemsOf(classes, { upcasters })) problems.add(problem)
  problems.throwAny(application)
  return {
    container,
    aggregates,
    routes,
    subscriptions,
    inlineProjections,
    processManagers,
    events: new EventTypes(classes, { ...reading, upcasters }),
    subscriptionOf: (handler) => names.get(handler),
    listedAggregate(aggregate) {
      const known = definitions.get(aggregate) ?? definitions.get(asValue(aggregate))
      if (known !== undefined) return known
      throw new UnknownAggregateError(
        aggregate.name,
        [...definitions.values()].map(({ name }) => name),
      )
    },
  }
}

/** The definition that is written down in a decorated class, or the value itself. */
function asValue(aggregate: Class<object> | AggregateDefinition): AggregateDefinition {
  if (typeof aggregate === 'function') return aggregateOf(aggregate)
  if (aggregate?.decide instanceof Map) return aggregate
  throw new InvalidAggregateError(String(aggregate), 'it is no class with @Aggregate, and no value of aggregate({ … })')
}

function bind({ name, bindings }: Module, container: Container): void {
  const bound: unknown = bindings?.(container)
  if (!(bound instanceof Promise)) return
  bound.catch(() => 'it is refused whatever comes of it')
  const why = 'answers with a promise, and nobody waits for it; make before what takes time, and bind the value'
  throw new InvalidOptionError(`module '${name}'`, 'bindings', why)
}

function listed<K extends 'aggregates' | 'eventHandlers' | 'projections' | 'processManagers'>(
  modules: readonly Module[],
  what: K,
): NonNullable<Module[K]>[number][] {
  return modules.flatMap((module) => [...((module[what] ?? []) as NonNullable<Module[K]>[number][])])
}

function* eventClasses(
  modules: readonly Module[],
  aggregates: readonly AggregateDefinition[],
  routes: readonly Route[],
  handlers: readonly { readonly events: readonly AnyEventClass[] }[],
): Generator<AnyEventClass> {
  for (const { events } of aggregates) yield* events
  for (const { aggregate, boundaryEvents } of routes) {
    yield* aggregate.events
    yield* boundaryEvents
  }
  for (const { events } of handlers) yield* events
  for (const { events } of modules) yield* events ?? []
}

/** Each with its module's name, for errors; one that several modules list is the first one's. */
function upcastersOf(modules: readonly Module[]): readonly Upcaster[] {
  const named = new Map<Upcaster, Upcaster>()
  for (const { name, upcasters = [] } of modules) {
    for (const one of upcasters) if (!named.has(one)) named.set(one, { ...one, source: `module '${name}'` })
  }
  return [...named.values()]
}

function refuseIdleMiddleware(module: Module): void {
  if (!module.middleware?.length) return
  const handles = partsOf([module]).some(
    ({ module: { aggregates = [], commandHandlers = [] } }) => aggregates.length + commandHandlers.length > 0,
  )
  if (handles) return
  const why = 'is around nothing, for the module handles no command; what is to be around every command is for the application'
  throw new InvalidOptionError(`module '${module.name}'`, 'middleware', why)
}

function refuseUnknownCategories(
  settings: Readonly<Record<string, AggregateSettings>>,
  routes: readonly Route[],
  aggregates: readonly AggregateDefinition[],
): void {
  const known = new Set([...aggregates, ...routes.map(({ aggregate }) => aggregate)].map(({ category }) => category))
  for (const category of Object.keys(settings)) {
    if (known.has(category)) continue
    const nearest = nearestName(category, known)
    const why = `names no aggregate of its modules${nearest ? `; the nearest category is '${nearest}'` : ''}`
    throw new InvalidOptionError('Application.create', `aggregates.byCategory.${category}`, why)
  }
}

function refuseDuplicates<T>(what: string, items: readonly T[], nameAndSource: (item: T) => readonly [string, string]): void {
  const sources = new Map<string, string>()
  for (const item of items) {
    const [name, source] = nameAndSource(item)
    const other = sources.get(name)
    if (other !== undefined) throw new DuplicateNameError(what, name, [other, source])
    sources.set(name, source)
  }
}

/** Gathers what is wrong, so that all of it is told at once. */
class Problems {
  private readonly found: Error[] = []

  add(problem: Error): void {
    this.found.push(problem)
  }

  collect<T>(step: () => T): T | undefined {
    try {
      return step()
    } catch (error) {
      this.add(isError(error) ? error : new Error(thrownMessage(error)))
      return undefined
    }
  }

  collectEach<T, R>(items: readonly T[], step: (item: T) => R): R[] {
    return items.flatMap((item) => {
      const result = this.collect(() => step(item))
      return result === undefined ? [] : [result]
    })
  }

  throwAny(application: string): void {
    const [first, second] = this.found
    if (first !== undefined && second === undefined) throw first
    if (first !== undefined) throw new InvalidApplicationError(application, this.found)
  }
}
