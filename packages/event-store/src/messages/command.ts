import type { z } from 'zod'
import { refuseUnknownOptions } from '../errors/invalid-option-error.js'
import { frozenInstance, frozenWith } from './frozen-instance.js'
import { type AnyCommand, type Brand, type MessageClass, markMessageClass } from './message.js'
import { checkResultSchema, messageSchema } from './message-schema.js'
import type { JsonObject } from './plain-json.js'

declare const result: unique symbol

/** Carries the type of a command's declared result; it exists for the compiler only. */
export interface Declares<Result> {
  readonly [result]: Result
}

/** The result that a command declares; `undefined` for one that declares none. */
export type ResultOf<C extends AnyCommand> = C extends Declares<infer Result> ? Result : undefined

export interface CommandOptions<Result extends z.ZodType> {
  /** The shape of what `dispatch` answers besides version and position; validated, and kept in the receipt. */
  readonly result: Result
}

export interface CommandClass<Type extends string, Schema extends z.ZodObject, Result>
  extends Omit<MessageClass<'command', Type, Schema>, 'restore'> {
  new (data: z.output<Schema>): Readonly<z.output<Schema>> & Brand<'command', Type> & Declares<Result>
  readonly resultSchema: z.ZodType<Result> | undefined
  restore(data: JsonObject): Readonly<z.output<Schema>> & Brand<'command', Type> & Declares<Result>
}

/**
 * Makes the base class of a command: its type, constructor and validator in one. Instances are validated and frozen.
 *
 * @param type the name by which it is routed and by which receipts and journals know it
 * @throws InvalidOptionError for an unknown option
 * @throws InvalidMessageDefinitionError for a bad name, a schema that is no z.object, or one (the result's, too) with a one-way transform
 * @example class OpenAccount extends Command('open-account', z.object({ … }), { result: z.object({ account: z.string() }) }) {}
 */
export function Command<Type extends string, Schema extends z.ZodObject>(
  type: Type,
  schema: Schema,
): CommandClass<Type, Schema, undefined>
export function Command<Type extends string, Schema extends z.ZodObject, Result extends z.ZodType>(
  type: Type,
  schema: Schema,
  options: CommandOptions<Result>,
): CommandClass<Type, Schema, z.output<Result>>
export function Command(type: string, schema: z.ZodObject, options?: CommandOptions<z.ZodType>): unknown {
  const messages = messageSchema('command', type, schema)
  if (options) {
    refuseUnknownOptions(`Command '${type}'`, options, ['result'])
    checkResultSchema(type, options.result)
  }
  class DefinedCommand {
    static readonly type = type
    static readonly schema = schema
    static readonly resultSchema = options?.result
    static readonly encode = messages.encode

    constructor(data: unknown) {
      frozenWith(this, messages.validate(data))
    }

    static restore(data: JsonObject): object {
      return frozenInstance(this.prototype, messages.decode(data))
    }
  }
  markMessageClass(DefinedCommand, 'command')
  return DefinedCommand
}
