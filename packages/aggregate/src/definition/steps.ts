import type { AnyEvent } from '@writ/event-store'

const mark = Symbol.for('@writ/steps')

/** What one step decides: an event, several, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing has the type void
export type StepDecision = AnyEvent | readonly AnyEvent[] | void | undefined

/** @internal */
export interface Step {
  readonly name: string
  readonly decide: (state: unknown, done: Readonly<Record<string, readonly AnyEvent[]>>) => StepDecision | Promise<StepDecision>
}

/** A decision that is made step by step; the runtime takes the steps, each on the state after the one before. */
export class DecisionInSteps<Result = unknown> {
  /** For the compiler alone. */
  declare readonly declaredResult: Result
  /** @internal */
  readonly steps: Step[] = []
  /** @internal */
  resultOf: ((state: unknown, done: Readonly<Record<string, readonly AnyEvent[]>>) => unknown) | undefined

  /** Whether it is one, also of a duplicate install. */
  static is(value: unknown): value is DecisionInSteps {
    return typeof value === 'object' && value !== null && (value as { [mark]?: unknown })[mark] === true
  }
}

Object.defineProperty(DecisionInSteps.prototype, mark, { value: true })

/** Made by {@link inSteps}: further steps are added one after another. */
export class Steps<State, Done extends object, Result> extends DecisionInSteps<Result> {
  /**
   * Adds a step: it decides on the state as the steps before it have left it. One that throws a DomainError refuses the whole command.
   *
   * @param name tells it from the others; later steps find its events under it
   * @param decide may be asynchronous
   */
  step<Name extends string>(
    name: Name extends keyof Done ? never : Name,
    decide: (state: State, done: Readonly<Done>) => StepDecision | Promise<StepDecision>,
  ): Steps<State, Done & Record<Name, readonly AnyEvent[]>, Result> {
    this.steps.push({ name, decide: decide as Step['decide'] })
    return this as unknown as Steps<State, Done & Record<Name, readonly AnyEvent[]>, Result>
  }

  /** Adds a step that decides on each of the items, one after another; its events are those of all of them. */
  each<Name extends string, Item>(
    name: Name extends keyof Done ? never : Name,
    items: Iterable<Item>,
    decide: (state: State, item: Item, done: Readonly<Done>) => StepDecision | Promise<StepDecision>,
  ): Steps<State, Done & Record<Name, readonly AnyEvent[]>, Result> {
    for (const item of items) {
      this.steps.push({ name, decide: (state, done) => decide(state as State, item, done as unknown as Done) })
    }
    return this as unknown as Steps<State, Done & Record<Name, readonly AnyEvent[]>, Result>
  }

  /** Says what the command's sender gets, from the state after the last step. */
  result<R>(resultOf: (state: State, done: Readonly<Done>) => R): Steps<State, Done, R> {
    this.resultOf = resultOf as DecisionInSteps['resultOf']
    return this as unknown as Steps<State, Done, R>
  }
}

/**
 * Begins a decision in steps, each of which sees the events of those before it; all of them are stored, or none.
 *
 * @param state the state that the handler was given; it tells the compiler what the steps get
 * @example return inSteps(account).step('fee', () => new FeeCharged({ … })).step('withdrawal', ({ balance }) => …)
 */
export function inSteps<State>(_state: State): Steps<State, object, undefined> {
  return new Steps()
}
