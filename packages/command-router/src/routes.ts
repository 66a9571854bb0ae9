import type { AggregateDefinition } from '@writ/aggregate'
import { type AnyCommand, commandClassOf, isCommand } from '@writ/event-store'
import { DuplicateCategoryError, DuplicateRouteError, NotACommandError, UnknownCommandError } from './errors/routing-errors.js'
import type { Route } from './route.js'

/** Command → route: exactly one for each type of command. */
export class Routes {
  private readonly byType = new Map<string, Route>()

  /** @throws DuplicateRouteError; DuplicateCategoryError where the streams of two aggregates could not be told apart */
  constructor(routes: readonly Route[]) {
    const categories = new Map<string, AggregateDefinition>()
    for (const route of routes) {
      this.add(route)
      const { aggregate } = route
      if (aggregate.isStateless) continue
      const other = categories.get(aggregate.category)
      if (other && other !== aggregate) throw new DuplicateCategoryError(aggregate.category, [other.name, aggregate.name])
      categories.set(aggregate.category, aggregate)
    }
  }

  /** The types of the commands that have one. */
  get commands(): readonly string[] {
    return [...this.byType.keys()]
  }

  /** @throws NotACommandError, UnknownCommandError */
  of(command: AnyCommand): Route {
    if (!isCommand(command)) throw new NotACommandError(described(command))
    const { type } = commandClassOf(command)
    const route = this.byType.get(type)
    if (!route) throw new UnknownCommandError(type, this.commands)
    return route
  }

  private add(route: Route): void {
    const { type } = route.commandClass
    const other = this.byType.get(type)
    if (other) throw new DuplicateRouteError(type, [other.handler, route.handler])
    this.byType.set(type, route)
  }
}

function described(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : `A value of type ${typeof value}`
  return `An object of class ${value.constructor?.name ?? 'none'}`
}
