import type { AnyCommand, AnyEvent, ResultOf } from '@writ/event-store'
import type { DecisionInSteps } from './steps.js'

const mark = Symbol.for('@writ/decided')

/** Events together with the result that the command's sender gets; made by {@link decided}. */
export class Decided<Result = unknown> {
  constructor(
    readonly events: AnyEvent | readonly AnyEvent[],
    readonly result: Result,
  ) {}

  /** Whether it is one, also of a duplicate install. */
  static is(value: unknown): value is Decided {
    return typeof value === 'object' && value !== null && (value as { [mark]?: unknown })[mark] === true
  }
}

Object.defineProperty(Decided.prototype, mark, { value: true })

/**
 * What a command handler answers with: an event, several in their order, steps that see each other's events ({@link inSteps}), or
 * nothing when there is nothing to change.
 *
 * To refuse, it throws a DomainError.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a method that returns nothing has the type void
export type Decision<Result = unknown> = AnyEvent | readonly AnyEvent[] | WithResult<Result> | void | undefined

/** What carries a declared result. */
type WithResult<Result> = Decided<Result> | DecisionInSteps<Result>

/** The decision on one command: where the command declares a result, it comes with the events. */
export type DecisionOn<C extends AnyCommand> = [undefined] extends [ResultOf<C>] ? Decision<ResultOf<C>> : WithResult<ResultOf<C>>

/**
 * Events, and the result that the command declares.
 *
 * @param events one event, several, or `[]`
 * @param result validated with the schema that the command declares
 * @example return decided(new AccountOpened({ … }), { account })
 */
export function decided<const Result>(events: AnyEvent | readonly AnyEvent[], result: Result): Decided<Writable<Result>> {
  return new Decided(events, result as Writable<Result>)
}

/**
 * The compiler infers a result as a constant, so that `{ status: 'open' }` fits a declared enumeration. Its lists would be read-only ones
 * then, which do not fit declared lists; they are none here. What has methods, such as a date, is left as it is.
 */
type Writable<T> = T extends string | number | bigint | boolean | symbol | null | undefined
  ? T
  : T extends readonly unknown[]
    ? { -readonly [K in keyof T]: Writable<T[K]> }
    : HasMethods<T> extends true
      ? T
      : { [K in keyof T]: Writable<T[K]> }

type HasMethods<T> = true extends { [K in keyof T]: T[K] extends (...input: never[]) => unknown ? true : never }[keyof T]
  ? true
  : false
