import type { z } from 'zod'
import type { JsonObject } from './plain-json.js'

declare const message: unique symbol

/** Keeps two messages of equal shape from standing in for each other; it exists for the compiler only. */
export interface Brand<Kind extends string, Type extends string> {
  readonly [message]: readonly [Kind, Type]
}

export type AnyEvent = Brand<'event', string>
export type AnyCommand = Brand<'command', string>

/** Any class with instances of T, also one whose constructor wants arguments. */
export type Class<T> = new (...args: never[]) => T

/** What a message class of either kind says of itself. */
export interface MessageClass<Kind extends string, Type extends string, Schema extends z.ZodObject> {
  new (data: z.output<Schema>): Readonly<z.output<Schema>> & Brand<Kind, Type>
  /** The name under which it is stored and routed; independent of the class name. */
  readonly type: Type
  readonly schema: Schema
  /** Restores an instance from stored JSON. It was validated when it was made; zod runs only where a schema has codecs. */
  restore(data: JsonObject): Readonly<z.output<Schema>> & Brand<Kind, Type>
  /** An instance → the JSON that is stored; differs from the instance only where a schema has codecs. */
  encode(instance: object): JsonObject
}

const classKind = Symbol.for('@writ/message-kind')

/** Marks a class as Writ's, in a way that duplicate installs recognise. */
export function markMessageClass(target: object, kind: 'event' | 'command'): void {
  Object.defineProperty(target, classKind, { value: kind })
}

export function isEventClass(value: unknown): value is AnyEventClass {
  return typeof value === 'function' && (value as { [classKind]?: unknown })[classKind] === 'event'
}

export function isCommandClass(value: unknown): value is AnyCommandClass {
  return typeof value === 'function' && (value as { [classKind]?: unknown })[classKind] === 'command'
}

/** Whether it is an instance of an event class; a copy such as `{ ...event }` is not. */
export function isEvent(value: unknown): value is AnyEvent {
  return typeof value === 'object' && value !== null && isEventClass(value.constructor)
}

/** Whether it is an instance of a command class; a copy such as `{ ...command }` is not. */
export function isCommand(value: unknown): value is AnyCommand {
  return typeof value === 'object' && value !== null && isCommandClass(value.constructor)
}

/** An event class of which only the facts at run time matter. */
export interface AnyEventClass {
  new (data: never): AnyEvent
  readonly type: string
  readonly schema: z.ZodObject
  readonly schemaVersion: number
  readonly tagsOf: (event: never) => readonly string[]
  /** Whether states begin with it where the books are closed before it. */
  readonly isSummary: boolean
  restore(data: JsonObject): AnyEvent
  encode(instance: object): JsonObject
}

/** A command class of which only the facts at run time matter. */
export interface AnyCommandClass {
  new (data: never): AnyCommand
  readonly type: string
  readonly schema: z.ZodObject
  readonly resultSchema: z.ZodType | undefined
  restore(data: JsonObject): AnyCommand
  encode(instance: object): JsonObject
}

/** The class that an event was made by. */
export function eventClassOf(event: AnyEvent): AnyEventClass {
  return event.constructor as unknown as AnyEventClass
}

/** The class that a command was made by. */
export function commandClassOf(command: AnyCommand): AnyCommandClass {
  return command.constructor as unknown as AnyCommandClass
}
