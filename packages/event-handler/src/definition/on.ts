import { type AnyEvent, type AnyEventClass, type Class, isEventClass } from '@writ/event-store'
import { InvalidSubscriptionError, WrongDecoratorModeError } from '../errors/definition-errors.js'
import type { HandlerContext } from './handler-context.js'

/** One event class and what handles it. */
export interface OnEvent<Context> {
  readonly event: AnyEventClass
  /** How errors call it. */
  readonly name: string
  readonly handle: (event: AnyEvent, context: Context) => unknown
}

/**
 * Says which function handles an event: the same as {@link On}, as a value.
 *
 * @throws InvalidSubscriptionError when it is not given an event class, as in a circular import
 */
export function on<E extends AnyEvent, Context = HandlerContext>(
  eventClass: Class<E>,
  handle: (event: E, context: Context) => unknown,
): OnEvent<Context> {
  const event = checkedEventClass(eventClass, `on(…, ${handle.name || 'function'})`)
  return { event, name: `on(${event.name})`, handle: handle as OnEvent<Context>['handle'] }
}

export interface OnMethod {
  readonly event: AnyEventClass
  readonly key: string | symbol
}

const methods = new WeakMap<object, OnMethod[]>()

/**
 * Marks the method that handles an event: `(event, context)`. The event parameter's type is checked against the class.
 *
 * A handler that returns a promise is awaited before the next event is handled.
 */
export const On =
  <E extends AnyEvent>(eventClass: Class<E>) =>
  <Method extends (event: E, context: never) => unknown>(
    target: object,
    key: string | symbol,
    _descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    refuseStandardMode('@On', key)
    const event = checkedEventClass(eventClass, `@On of ${target.constructor.name}.${String(key)}`)
    const known = methods.get(target) ?? []
    known.push({ event, key })
    methods.set(target, known)
  }

/** The @On methods of a class and of those above it; a method that overrides another stands in its place. */
export function onMethodsOf(target: Class<object>): readonly OnMethod[] {
  const found: OnMethod[] = []
  let prototype: object | null = target.prototype
  while (prototype !== null && prototype !== Object.prototype) {
    const inherited = (methods.get(prototype) ?? []).filter(
      ({ event, key }) => !found.some((own) => own.event === event && own.key === key),
    )
    found.push(...inherited)
    prototype = Object.getPrototypeOf(prototype)
  }
  return found
}

/** @throws WrongDecoratorModeError when the second argument is the context object of a standard decorator */
export function refuseStandardMode(decorator: string, second: unknown): void {
  if (typeof second === 'object' && second !== null && 'kind' in second) throw new WrongDecoratorModeError(decorator)
}

/** @throws InvalidSubscriptionError */
export function checkedEventClass(value: unknown, source: string): AnyEventClass {
  if (isEventClass(value)) return value
  const what = value === undefined ? 'undefined, as in a circular import' : 'something else'
  throw new InvalidSubscriptionError(source, `it was given ${what} instead of an event class`)
}
