import type { AggregateDefinition } from '@writ/aggregate'
import type { Middleware, Route } from '@writ/command-router'
import type { InlineProjectionDefinition, SubscriptionDefinition } from '@writ/event-handler'
import type { AnyCommandClass, AnyEventClass, Class, Upcaster } from '@writ/event-store'
import type { ProcessManagerDefinition } from '@writ/process-manager'
import type { Container } from 'inversify'

/** One part of a service: what it decides, what it reacts to, and what that needs injected. */
export interface Module {
  readonly name: string
  /** Classes with `@Aggregate`, or values of `aggregate({ … })`. */
  readonly aggregates?: readonly (Class<object> | AggregateDefinition)[]
  /** Classes with `@CommandHandler`, or values of `route(…)`. */
  readonly commandHandlers?: readonly (Class<object> | Route)[]
  /** Classes with `@EventHandler`, or values of `eventHandler({ … })`. */
  readonly eventHandlers?: readonly (Class<object> | SubscriptionDefinition)[]
  /** Classes with `@Projection` or `@InlineProjection`, or values of `projection({ … })` or `inlineProjection({ … })`. */
  readonly projections?: readonly (Class<object> | SubscriptionDefinition | InlineProjectionDefinition)[]
  /** Classes with `@ProcessManager`, or values of `processManager({ … })`. */
  readonly processManagers?: readonly (Class<object> | ProcessManagerDefinition)[]
  /** Commands that the module promises to handle: one that nothing handles is an error before the start. */
  readonly commands?: readonly AnyCommandClass[]
  /** Events to know besides those that aggregates and handlers name, such as ones that are only read back. */
  readonly events?: readonly AnyEventClass[]
  /** What stored events of older shapes are today, for every reader of the application. */
  readonly upcasters?: readonly Upcaster[]
  /** Modules that are parts of this one. */
  readonly modules?: readonly Module[]
  /** Around every command that this module or a part of it handles, inside of the application's and of the modules' around it. */
  readonly middleware?: readonly Middleware[]
  /** Binds what the module's classes have injected. */
  readonly bindings?: (container: Container) => void
}

const keys: Record<keyof Module, true> = {
  name: true,
  aggregates: true,
  commandHandlers: true,
  eventHandlers: true,
  projections: true,
  processManagers: true,
  commands: true,
  events: true,
  upcasters: true,
  modules: true,
  middleware: true,
  bindings: true,
}

export const moduleKeys: readonly string[] = Object.keys(keys)

/** A module by itself, and the middleware of it and of those around it, the outermost first. */
export interface Part {
  readonly module: Module
  readonly around: readonly Middleware[]
}

/** The modules and all their parts, each before what is in it. */
export function partsOf(modules: readonly Module[], outside: readonly Middleware[] = []): Part[] {
  return modules.flatMap((module) => {
    const around = [...outside, ...(module.middleware ?? [])]
    return [{ module, around }, ...partsOf(module.modules ?? [], around)]
  })
}

/** Writes a module down; `Application.create` checks it. */
export function module(definition: Module): Module {
  return definition
}
