import type { z } from 'zod'
import { InvalidMessageDefinitionError } from '../errors/invalid-message-error.js'
import { refuseUnknownOptions } from '../errors/invalid-option-error.js'
import { frozenInstance, frozenWith } from './frozen-instance.js'
import { type Brand, type MessageClass, markMessageClass } from './message.js'
import { messageSchema } from './message-schema.js'
import type { JsonObject } from './plain-json.js'

export interface EventOptions<Schema extends z.ZodObject> {
  /** Grows when the schema changes its shape: a positive integer, 1 by default. */
  readonly schemaVersion?: number
  /** What boundaries can find the event by, such as `email:ann@example.com`: at most 32 tags of up to 256 characters. */
  readonly tags?: (event: Readonly<z.output<Schema>>) => readonly string[]
  /**
   * Whether it carries all that its stream came to: where books are closed before such an event, states begin with it. False by default.
   */
  readonly summary?: boolean
}

export interface EventClass<Type extends string, Schema extends z.ZodObject> extends MessageClass<'event', Type, Schema> {
  readonly schemaVersion: number
  readonly tagsOf: (event: Readonly<z.output<Schema>>) => readonly string[]
  readonly isSummary: boolean
}

const known: Record<keyof EventOptions<z.ZodObject>, true> = { schemaVersion: true, tags: true, summary: true }

const noTags: readonly string[] = Object.freeze([])
const untagged = () => noTags

/**
 * Makes the base class of an event: its type, constructor and validator in one.
 *
 * Instances are validated when they are made, frozen, and distinct from every other event of equal shape.
 *
 * @param type the name under which it is stored; never change it once events exist
 * @throws InvalidOptionError for an unknown option
 * @throws InvalidMessageDefinitionError for a bad name, a schema that is no z.object, or one with a one-way transform
 * @example class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int() })) {}
 */
export function Event<Type extends string, Schema extends z.ZodObject>(
  type: Type,
  schema: Schema,
  options: EventOptions<Schema> = {},
): EventClass<Type, Schema> {
  refuseUnknownOptions(`Event '${type}'`, options, Object.keys(known))
  const messages = messageSchema('event', type, schema)
  const schemaVersion = options.schemaVersion ?? 1
  if (!Number.isSafeInteger(schemaVersion) || schemaVersion < 1) {
    throw new InvalidMessageDefinitionError(type, 'schemaVersion must be a positive integer')
  }
  class DefinedEvent {
    static readonly type = type
    static readonly schema = schema
    static readonly schemaVersion = schemaVersion
    static readonly tagsOf = options.tags ?? untagged
    static readonly isSummary = options.summary ?? false
    static readonly encode = messages.encode

    constructor(data: z.output<Schema>) {
      // A subclass with fields of its own finds itself frozen when it sets them: the schema is the whole event.
      frozenWith(this, messages.validate(data))
    }

    static restore(data: JsonObject): Readonly<z.output<Schema>> & Brand<'event', Type> {
      return frozenInstance(this.prototype, messages.decode(data)) as Readonly<z.output<Schema>> & Brand<'event', Type>
    }
  }
  markMessageClass(DefinedEvent, 'event')
  return DefinedEvent as unknown as EventClass<Type, Schema>
}
