import { InvalidOptionError, isCommandClass, isEventClass } from '@writ/event-store'
import type { Module } from './module.js'

/** What each list of a module holds, and how one knows it. An import that goes in a circle leaves undefined in it. */
const lists: Readonly<Partial<Record<keyof Module, readonly [(one: unknown) => boolean, string]>>> = {
  aggregates: [isClassOrHas('category', 'decide'), 'classes with @Aggregate, or values of aggregate({ … })'],
  commandHandlers: [isClassOrHas('commandClass', 'decide'), 'classes with @CommandHandler, or values of route(…)'],
  eventHandlers: [isClassOrHas('name', 'handlers'), 'classes with @EventHandler, or values of eventHandler({ … })'],
  projections: [
    isClassOrHas('name', 'handlers'),
    'classes with @Projection or @InlineProjection, or values of projection({ … })',
  ],
  processManagers: [isClassOrHas('name', 'reactions'), 'classes with @ProcessManager, or values of processManager({ … })'],
  commands: [isCommandClass, 'classes made by Command'],
  events: [isEventClass, 'classes made by Event'],
  upcasters: [() => true, 'values of upcaster({ … })'],
  middleware: [(one) => typeof one === 'function', 'middleware'],
}

/**
 * That modules are what they should be, those within modules too, before anything of them is read.
 *
 * @throws InvalidOptionError
 */
export function checkModules(modules: readonly Module[], around: readonly Module[] = []): void {
  if (!Array.isArray(modules)) throw new InvalidOptionError(nameOf(around.at(-1)), 'modules', 'must be a list of modules')
  for (const module of modules as readonly Module[]) {
    const isModule = typeof module === 'object' && module !== null && typeof module.name === 'string' && module.name !== ''
    if (!isModule)
      throw new InvalidOptionError(
        nameOf(around.at(-1)),
        'modules',
        `must be a list of modules, each with a name; one of them is ${described(module)}`,
      )
    if (around.includes(module)) throw new InvalidOptionError(nameOf(module), 'modules', 'has the module itself in it')
    checkModule(module)
    checkModules(module.modules ?? [], [...around, module])
  }
}

function checkModule(module: Module): void {
  for (const [list, [isOne, what]] of Object.entries(lists)) {
    const given: unknown = module[list as keyof Module]
    if (given === undefined) continue
    if (!Array.isArray(given)) throw new InvalidOptionError(nameOf(module), list, `must be a list of ${what}`)
    const wrong = given.findIndex((one) => !isOne(one))
    if (wrong === -1) continue
    throw new InvalidOptionError(
      nameOf(module),
      list,
      `must be a list of ${what}; number ${wrong + 1} is ${described(given[wrong])}`,
    )
  }
  if (module.bindings !== undefined && typeof module.bindings !== 'function')
    throw new InvalidOptionError(nameOf(module), 'bindings', 'must be a function of the container')
}

function nameOf(module: Module | undefined): string {
  return module === undefined ? 'Application.create' : `module '${module.name}'`
}

function described(value: unknown): string {
  if (value === undefined) return 'undefined, as in a circular import'
  if (value === null || Array.isArray(value)) return value === null ? 'null' : 'a list'
  if (typeof value === 'function') return `the ${value.name === '' ? 'function' : value.name}`
  return typeof value === 'object' ? 'another object' : `a ${typeof value}`
}

function isClassOrHas(...fields: readonly string[]): (one: unknown) => boolean {
  return (one) => typeof one === 'function' || (typeof one === 'object' && one !== null && fields.every((field) => field in one))
}
