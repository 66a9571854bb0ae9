import type { AnyCommand, AnyEvent, ResultOf } from '@writ/event-store'

const mark = Symbol.for('@writ/updated')

/** A model's next state, and the events that tell of it; made by {@link updated}. */
export class Updated<State = unknown, Result = unknown> {
  constructor(
    readonly state: State,
    readonly events: AnyEvent | readonly AnyEvent[],
    readonly result: Result,
  ) {}

  /** Whether it is one, also of a duplicate install. */
  static is(value: unknown): value is Updated {
    return typeof value === 'object' && value !== null && (value as { [mark]?: unknown })[mark] === true
  }
}

Object.defineProperty(Updated.prototype, mark, { value: true })

/** What a model decides on one command; nothing where the state stays as it is. */
export type UpdateOn<State, C extends AnyCommand> = [undefined] extends [ResultOf<C>]
  ? // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing has the type void
    Updated<State, ResultOf<C>> | void | undefined
  : Updated<State, ResultOf<C>>

/**
 * What a model decides: its next state, the events that tell of it (none by default), and the result that the command declares.
 *
 * @example return updated({ ...state, balance: state.balance + amount }, new MoneyDeposited({ account, amount }))
 */
export function updated<const State>(state: State, events?: AnyEvent | readonly AnyEvent[]): Updated<State, undefined>
export function updated<const State, Result>(
  state: State,
  events: AnyEvent | readonly AnyEvent[],
  result: Result,
): Updated<State, Result>
export function updated(state: unknown, events: AnyEvent | readonly AnyEvent[] = [], result?: unknown): Updated {
  return new Updated(state, events, result)
}
