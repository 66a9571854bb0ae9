import type { AnyCommandClass, AnyEventClass } from '@writ/event-store'
import type { Lifespan, Lifespans } from './lifespan.js'
import type { StoredState } from './stored-state.js'

/** What the decorators of one class wrote down; read by `aggregateOf`. Symbols of the registry, so that duplicate installs agree. */
const aggregateOptions = Symbol.for('@writ/aggregate-options')
const handled = Symbol.for('@writ/handled-commands')
const applied = Symbol.for('@writ/applied-events')

export interface AggregateDecoratorOptions {
  readonly category: string
  readonly identity: string
  readonly snapshotEvery?: number
  readonly snapshotVersion?: number
  readonly lifespan?: Lifespan | Lifespans
  readonly storedIn?: StoredState<object>
  readonly events?: readonly AnyEventClass[]
}

export interface HandledCommand {
  readonly method: string | symbol
  readonly commandClass: AnyCommandClass
}

export interface AppliedEvent {
  readonly method: string | symbol
  readonly eventClass: AnyEventClass
}

interface Marked {
  [aggregateOptions]?: AggregateDecoratorOptions
  [handled]?: HandledCommand[]
  [applied]?: AppliedEvent[]
}

export function writeAggregate(aggregateClass: object, options: AggregateDecoratorOptions): void {
  Object.defineProperty(aggregateClass, aggregateOptions, { value: options })
}

export function writeHandled(prototype: object, entry: HandledCommand): void {
  own(prototype, handled).push(entry)
}

export function writeApplied(prototype: object, entry: AppliedEvent): void {
  own(prototype, applied).push(entry)
}

/** The class's own; a subclass is an aggregate only when it says so itself. */
export function readAggregate(aggregateClass: object): AggregateDecoratorOptions | undefined {
  return Object.hasOwn(aggregateClass, aggregateOptions) ? (aggregateClass as Marked)[aggregateOptions] : undefined
}

/** Those of the class and of the classes that it extends, the furthest first. */
export function readHandled(prototype: object): HandledCommand[] {
  return chain(prototype).flatMap((link) => (Object.hasOwn(link, handled) ? ((link as Marked)[handled] ?? []) : []))
}

export function readApplied(prototype: object): AppliedEvent[] {
  return chain(prototype).flatMap((link) => (Object.hasOwn(link, applied) ? ((link as Marked)[applied] ?? []) : []))
}

/** The objects from which an instance inherits, the furthest first. */
export function chain(prototype: object): object[] {
  const links: object[] = []
  for (let link: object | null = prototype; link !== null && link !== Object.prototype; link = Object.getPrototypeOf(link))
    links.unshift(link)
  return links
}

function own<K extends typeof handled | typeof applied>(prototype: Marked, key: K): NonNullable<Marked[K]> {
  if (!Object.hasOwn(prototype, key)) Object.defineProperty(prototype, key, { value: [] })
  return prototype[key] as NonNullable<Marked[K]>
}
