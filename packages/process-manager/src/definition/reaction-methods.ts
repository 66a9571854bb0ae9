import { On as on, onMethodsOf, WrongDecoratorModeError } from '@writ/event-handler'
import {
  type AnyCommand,
  type AnyCommandClass,
  type AnyEvent,
  type AnyEventClass,
  type Class,
  type DomainError,
  isCommandClass,
  isEventClass,
} from '@writ/event-store'
import { InvalidProcessManagerError } from '../errors/definition-errors.js'
import type { Commands, ProcessContext, Role } from './process-manager-definition.js'

interface EventMethod {
  readonly role: Role
  readonly event: AnyEventClass
  readonly key: string | symbol
}

interface RefusalMethod {
  readonly command: AnyCommandClass
  readonly key: string | symbol
}

const eventMethods = new WeakMap<object, EventMethod[]>()
const refusalMethods = new WeakMap<object, RefusalMethod[]>()

type OnEvent<E> = (event: E, context: ProcessContext) => Commands | Promise<Commands>
type OnRefusal<C> = (command: C, error: DomainError, context: ProcessContext) => Commands | Promise<Commands>

/**
 * Marks the method that begins an instance: `(event, context)` → commands. The types are checked against the class.
 *
 * Where the instance has begun already, the method handles the event like any other; where it has ended, it begins anew.
 */
export const Start =
  <E extends AnyEvent>(eventClass: Class<E>) =>
  <Method extends OnEvent<E>>(target: object, key: string | symbol, _descriptor: TypedPropertyDescriptor<Method>): void =>
    noteEvent('start', '@Start', eventClass, target, key)

/** Marks the method that handles an event of an instance that has begun and not ended; without such an instance, the event is passed over. */
export const On =
  <E extends AnyEvent>(eventClass: Class<E>) =>
  <Method extends OnEvent<E>>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<Method>): void =>
    // Written down where event handlers keep theirs: whichever @On was imported, the event is handled.
    on(eventClass)(target, key, descriptor)

/** Marks the method that handles an event like `@On`, after which the instance has ended; its commands are still dispatched. */
export const End =
  <E extends AnyEvent>(eventClass: Class<E>) =>
  <Method extends OnEvent<E>>(target: object, key: string | symbol, _descriptor: TypedPropertyDescriptor<Method>): void =>
    noteEvent('end', '@End', eventClass, target, key)

/**
 * Marks the method that is told when a command was refused: `(command, error, context)` → commands.
 *
 * The error has the code, message and facts that the receipt keeps; it is never an instance of the domain's own error class.
 */
export const Rejected =
  <C extends AnyCommand>(commandClass: Class<C>) =>
  <Method extends OnRefusal<C>>(target: object, key: string | symbol, _descriptor: TypedPropertyDescriptor<Method>): void => {
    refuseStandardMode('@Rejected', key)
    const command: unknown = commandClass
    if (!isCommandClass(command)) throw wrongClass('@Rejected', target, key, command, 'a command class')
    note(refusalMethods, target, { command, key })
  }

function noteEvent(role: Role, decorator: string, event: unknown, target: object, key: string | symbol): void {
  refuseStandardMode(decorator, key)
  if (!isEventClass(event)) throw wrongClass(decorator, target, key, event, 'an event class')
  note(eventMethods, target, { role, event, key })
}

function note<T>(notes: WeakMap<object, T[]>, target: object, entry: T): void {
  const known = notes.get(target) ?? []
  known.push(entry)
  notes.set(target, known)
}

/** The methods that handle events, of a class and of those above it; a method that overrides another stands in its place. */
export function eventMethodsOf(target: Class<object>): readonly EventMethod[] {
  const own = inherited(eventMethods, target, (one, other) => one.event === other.event && one.key === other.key)
  return [...own, ...onMethodsOf(target).map((method) => ({ role: 'on' as const, ...method }))]
}

export function refusalMethodsOf(target: Class<object>): readonly RefusalMethod[] {
  return inherited(refusalMethods, target, (one, other) => one.command === other.command && one.key === other.key)
}

function inherited<T>(notes: WeakMap<object, T[]>, target: Class<object>, isSame: (one: T, other: T) => boolean): T[] {
  const found: T[] = []
  let prototype: object | null = target.prototype
  while (prototype !== null && prototype !== Object.prototype) {
    found.push(...(notes.get(prototype) ?? []).filter((entry) => !found.some((own) => isSame(own, entry))))
    prototype = Object.getPrototypeOf(prototype)
  }
  return found
}

/** @throws WrongDecoratorModeError when the second argument is the context object of a standard decorator */
export function refuseStandardMode(decorator: string, second: unknown): void {
  if (typeof second === 'object' && second !== null && 'kind' in second) throw new WrongDecoratorModeError(decorator)
}

function wrongClass(decorator: string, target: object, key: string | symbol, given: unknown, wanted: string) {
  const what = given === undefined ? 'undefined, as in a circular import' : 'something else'
  return new InvalidProcessManagerError(
    `class ${target.constructor.name}`,
    `the ${decorator} of ${String(key)} was given ${what}, instead of ${wanted}`,
  )
}
