import type { AnyEvent, AnyEventClass, Class, Mistake } from '@writ/event-store'
import { type Handler, handlersByType, handlersOfClass, refuseUnknownOptions } from '../definition/define.js'
import type { HandlerContext } from '../definition/handler-context.js'
import { type OnEvent, refuseStandardMode } from '../definition/on.js'
import { optionsOfClass } from '../definition/options-of-class.js'
import { namePattern } from '../definition/subscription-definition.js'
import { InvalidSubscriptionError } from '../errors/definition-errors.js'
import type { InlineContext, InlineHandlerContext } from './inline-context.js'

/** What an inline projection handles, and how: the decorator and the function both write this value down. */
export interface InlineProjectionDefinition {
  readonly kind: 'inline-projection'
  readonly name: string
  /** How errors call it. */
  readonly source: string
  readonly events: readonly AnyEventClass[]
  /** Event type → what handles it. */
  readonly handlers: ReadonlyMap<string, InlineHandle>
  /** Makes its tables. */
  readonly setUp?: (transaction: object) => unknown
}

export type InlineHandle = (event: AnyEvent, context: InlineHandlerContext) => unknown

export interface InlineProjectionOptions {
  /** How errors and contexts call it: 1 to 200 letters, digits, dots, dashes, underscores. */
  readonly name: string
}

/** What an inline projection's class may have besides its @On methods. */
export interface SetsUp {
  /** Makes its tables, in a transaction of its own, at each start of an application: write `create table if not exists`. */
  setUp?(transaction: never): unknown
}

const decorated = new WeakMap<object, InlineProjectionOptions>()

/** The methods of a class that want of their context what is not known before the append: a position, a time. */
export type MethodsThatWantAPosition<Instance> = {
  [Key in keyof Instance]: Instance[Key] extends (event: infer _Event extends AnyEvent, context: infer Context) => unknown
    ? InlineHandlerContext extends Pick<Context, keyof Context & keyof HandlerContext>
      ? never
      : Key
    : never
}[keyof Instance]

/**
 * Makes a class keep rows in the append's own transaction: rows and events are stored together, or neither is.
 *
 * What a handler throws refuses the append: a DomainError is the command's refusal, anything else an InlineProjectionFailedError.
 *
 * @example
 * @InlineProjection({ name: 'email-addresses' })
 * class EmailAddresses {
 *   async setUp({ sql }: SqlTransaction) { await sql`create table if not exists email_addresses (…)` }
 *   @On(AccountOpened)
 *   async opened({ email, account }: AccountOpened, { sql }: InlineContext<SqlTransaction>) { await sql`insert into email_addresses …` }
 * }
 */
export const InlineProjection =
  (options: InlineProjectionOptions) =>
  <ProjectionClass extends Class<object & SetsUp>>(
    projectionClass: [MethodsThatWantAPosition<InstanceType<ProjectionClass>>] extends [never]
      ? ProjectionClass
      : Mistake<`its method ${MethodsThatWantAPosition<InstanceType<ProjectionClass>> & string} wants a context that is not InlineContext: an event has no position before it is stored`>,
    ...rest: readonly unknown[]
  ): void => {
    refuseStandardMode('@InlineProjection', rest[0])
    decorated.set(projectionClass, options)
  }

export interface InlineProjectionValue<Transaction extends object> extends InlineProjectionOptions {
  readonly on: readonly OnEvent<InlineContext<Transaction>>[]
  /** Makes its tables, in a transaction of its own, at each start of an application: write `create table if not exists`. */
  readonly setUp?: (transaction: Transaction) => unknown
}

/**
 * The same as {@link InlineProjection}, as a value.
 *
 * @throws InvalidSubscriptionError, DuplicateHandlerError
 */
export function inlineProjection<Transaction extends object = object>(
  options: InlineProjectionValue<Transaction>,
): InlineProjectionDefinition {
  const { on = [], setUp } = options
  return define(`inlineProjection('${options.name}')`, options, on, setUp as ((transaction: object) => unknown) | undefined)
}

/** Whether a class is decorated with {@link InlineProjection}. */
export function isInlineProjection(projectionClass: Class<object>): boolean {
  return decorated.has(projectionClass)
}

/**
 * Reads what a class decorated with {@link InlineProjection} has written down.
 *
 * @param resolve gives the instance that handles; called at each event
 * @throws NotDecoratedError, InvalidSubscriptionError, DuplicateHandlerError
 */
export function inlineProjectionOf(projectionClass: Class<object>, resolve: () => object): InlineProjectionDefinition {
  const options = optionsOfClass(projectionClass, '@InlineProjection', decorated)
  const hasSetUp = typeof (projectionClass.prototype as { setUp?: unknown }).setUp === 'function'
  const setUp = hasSetUp
    ? (transaction: object) => (resolve() as { setUp(transaction: object): unknown }).setUp(transaction)
    : undefined
  return define(`class ${projectionClass.name}`, options, handlersOfClass(projectionClass, resolve).on, setUp)
}

function define(
  source: string,
  options: InlineProjectionOptions,
  handlers: readonly Handler[],
  setUp: ((transaction: object) => unknown) | undefined,
): InlineProjectionDefinition {
  refuseUnknownOptions(source, options, ['name', 'on', 'setUp'])
  if (typeof options.name !== 'string' || !namePattern.test(options.name)) {
    throw new InvalidSubscriptionError(source, "its 'name' must be 1 to 200 letters, digits, dots, dashes or underscores")
  }
  return {
    kind: 'inline-projection',
    name: options.name,
    source,
    ...handlersByType<InlineHandle>(source, handlers),
    ...(setUp && { setUp }),
  }
}
