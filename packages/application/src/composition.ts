import { type AggregateDefinition, aggregateOf } from '@writ/aggregate'
import { commandHandlerOf, type Middleware, type Route, routesOf } from '@writ/command-router'
import { eventHandlerOf, projectionOf, type SubscriptionDefinition } from '@writ/event-handler'
import {
  type AnyEventClass,
  type Class,
  EventTypes,
  type EventTypesOptions,
  refuseUnknownOptions,
  type Upcaster,
} from '@writ/event-store'
import { type ProcessManagerDefinition, processManagerOf } from '@writ/process-manager'
import type { Container } from 'inversify'
import { bindListedClass, newContainer, resolve } from './container.js'
import { DuplicateNameError, InvalidApplicationError, MissingCommandHandlerError } from './errors.js'
import { type Module, moduleKeys } from './module.js'

/** The modules' classes and values, read, checked and wired: what an application runs. */
export interface Composition {
  readonly container: Container
  readonly aggregates: readonly AggregateDefinition[]
  readonly routes: readonly Route[]
  readonly subscriptions: readonly SubscriptionDefinition[]
  readonly processManagers: readonly ProcessManagerDefinition[]
  readonly events: EventTypes
  readonly middleware: readonly Middleware[]
  /** The definition behind a decorated class, or the value itself. */
  definitionOf(aggregate: Class<object> | AggregateDefinition): AggregateDefinition
}

/**
 * Reads and checks everything before anything starts.
 *
 * @throws the typed error of the one problem that there is, or InvalidApplicationError that lists them all
 */
export function compose(
  application: string,
  modules: readonly Module[],
  reading: Pick<EventTypesOptions, 'unknownEvents' | 'logger'> = {},
): Composition {
  const problems = new Problems()
  const container = newContainer()
  const definitions = new Map<Class<object>, AggregateDefinition>()
  const definitionOf = (aggregate: Class<object> | AggregateDefinition): AggregateDefinition => {
    if (typeof aggregate !== 'function') return aggregate
    const known = definitions.get(aggregate) ?? aggregateOf(aggregate)
    definitions.set(aggregate, known)
    return known
  }

  for (const module of modules) problems.collect(() => refuseUnknownOptions(`The module '${module.name}'`, module, moduleKeys))
  problems.collect(() => refuseDuplicates('module', modules, (module) => [module.name, `module '${module.name}'`]))
  // All bindings first: a class may have something injected that a later module binds.
  for (const module of modules) problems.collect(() => module.bindings?.(container))

  const aggregates = problems.collectEach(listed(modules, 'aggregates'), definitionOf)
  problems.collect(() => refuseDuplicates('aggregate category', aggregates, ({ category, name }) => [category, name]))
  const instanceOf = (handlerClass: Class<object>) => {
    bindListedClass(container, handlerClass)
    const instance = resolve(container, handlerClass)
    return () => instance
  }
  const routes = [
    ...problems.collectEach(aggregates, routesOf).flat(),
    ...problems.collectEach(listed(modules, 'commandHandlers'), (handler) =>
      typeof handler === 'function' ? commandHandlerOf(handler, instanceOf(handler), definitionOf) : handler,
    ),
  ]
  const subscriptions = [
    ...problems.collectEach(listed(modules, 'eventHandlers'), (handler) =>
      typeof handler === 'function' ? eventHandlerOf(handler, instanceOf(handler)) : handler,
    ),
    ...problems.collectEach(listed(modules, 'projections'), (handler) =>
      typeof handler === 'function' ? projectionOf(handler, instanceOf(handler)) : handler,
    ),
  ]
  const processManagers = problems.collectEach(listed(modules, 'processManagers'), (manager) =>
    typeof manager === 'function' ? processManagerOf(manager, instanceOf(manager)) : manager,
  )
  const named = [...subscriptions, ...processManagers]
  problems.collect(() => refuseDuplicates('subscription', named, ({ name, source }) => [name, source]))
  for (const module of modules) {
    for (const promised of module.commands ?? []) {
      if (routes.some(({ commandClass }) => commandClass === promised)) continue
      problems.add(new MissingCommandHandlerError(promised.type, module.name))
    }
  }
  const classes = [...eventClasses(modules, aggregates, routes, named)]
  const upcasters = upcastersOf(modules)
  for (const problem of EventTypes.problemsOf(classes, { upcasters })) problems.add(problem)
  problems.throwAny(application)
  return {
    container,
    aggregates,
    routes,
    subscriptions,
    processManagers,
    events: new EventTypes(classes, { ...reading, upcasters }),
    middleware: listed(modules, 'middleware'),
    definitionOf,
  }
}

function listed<K extends 'aggregates' | 'commandHandlers' | 'eventHandlers' | 'projections' | 'processManagers' | 'middleware'>(
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
      this.add(error instanceof Error ? error : new Error(String(error)))
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
