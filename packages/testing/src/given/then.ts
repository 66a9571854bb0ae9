import {
  type AnyCommand,
  type AnyEvent,
  type AnyEventClass,
  type Class,
  commandClassOf,
  DomainError,
  eventClassOf,
  isEventClass,
  type ResultOf,
} from '@writ/event-store'
import { difference, hasFields, isSame, printed } from '../difference.js'
import { ExpectationFailedError } from '../errors.js'
import { described, describedError, type Outcome } from './outcome.js'

/** What is expected of a refusal or a failure: its code, its class, or, with message and facts, an error like it. */
export type ExpectedError = string | Class<Error> | Error

/** What is expected of the outcome. Each expectation is awaited; several can be chained, and the command runs once. */
export class Then<C extends AnyCommand, State> {
  constructor(
    protected readonly command: C,
    protected readonly outcome: () => Promise<Outcome<State>>,
    protected readonly before: Promise<unknown> = Promise.resolve(),
  ) {}

  /** It is accepted, and these events happen: all of them, in this order. A class stands for an event of it, whatever its data. */
  thenEvents(expected: readonly (AnyEvent | Class<AnyEvent>)[]): Expected<C, State> {
    return this.expect('events', (outcome, fail) => {
      if (outcome.kind !== 'accepted') return fail(`The events ${printed(expected)} were expected. ${described(outcome)}`)
      const wanted = expected.map((event, index) => eventInsteadOf(event, outcome.events[index]))
      if (!isSameList(outcome.events, wanted)) return fail(`Other events happened:\n\n${difference(wanted, outcome.events)}`)
    })
  }

  /** It is accepted, and nothing happens. */
  thenNothing(): Expected<C, State> {
    return this.expect('nothing', (outcome, fail) => {
      if (outcome.kind !== 'accepted' || outcome.events.length > 0) fail(`Nothing was to happen. ${described(outcome)}`)
    })
  }

  /** It is accepted, and its sender gets this result. */
  thenResult(expected: ResultOf<C>): Expected<C, State> {
    return this.expect('result', (outcome, fail) => {
      if (outcome.kind !== 'accepted') return fail(`The result ${printed(expected)} was expected. ${described(outcome)}`)
      if (!isSame(outcome.result, expected)) fail(`The result is another one:\n\n${difference(expected, outcome.result)}`)
    })
  }

  /** The domain refuses it: a `DomainError` was thrown, and nothing happens. */
  thenRefused(expected: ExpectedError): Expected<C, State> {
    return this.expect('refusal', (outcome, fail) => {
      if (outcome.kind !== 'refused') return fail(`It was to be refused (${expectedError(expected)}). ${described(outcome)}`)
      const why = whyOther(outcome.error, expected)
      if (why) fail(`It was refused for another reason:\n\n${why}`)
    })
  }

  /** It fails with something else than a refusal. */
  thenFailed(expected: ExpectedError): Expected<C, State> {
    return this.expect('failure', (outcome, fail) => {
      if (outcome.kind !== 'failed') return fail(`It was to fail (${expectedError(expected)}). ${described(outcome)}`)
      const why = whyOther(outcome.error, expected)
      if (why) fail(`It failed for another reason:\n\n${why}`)
    })
  }

  /** After it, the state is like this: fields and their values, or a function that throws when it is not so. */
  thenState(expected: Partial<State> | ((state: State) => void)): Expected<C, State> {
    return this.expect('state', (outcome, fail) => {
      if (outcome.kind === 'failed') return fail(`A state was expected. ${described(outcome)}`)
      const { state } = outcome
      if (typeof expected === 'function') return (expected as (state: State) => void)(state)
      const compared = typeof expected === 'object' && expected !== null ? namedFields(state, expected) : state
      if (!isSame(compared, expected)) fail(`The state is another one:\n\n${difference(expected, compared)}`)
    })
  }

  private expect(what: string, check: (outcome: Outcome<State>, fail: (why: string) => void) => void): Expected<C, State> {
    // Made here, so that the failure shows the line of the test and not one of the kit.
    const failure = new ExpectationFailedError(what)
    const frames =
      failure.stack
        ?.split('\n')
        .filter((line) => /^\s+at /.test(line))
        .slice(2) ?? []
    const fail = (why: string): never => {
      failure.message = `${commandClassOf(this.command).name}: ${why}`
      failure.stack = [`${failure.name}: ${failure.message}`, ...frames].join('\n')
      throw failure
    }
    const checked = this.before.then(async () => {
      const outcome = await this.outcome()
      if (outcome.kind === 'failed') failure.cause = outcome.error
      check(outcome, fail)
    })
    return new Expected(this.command, this.outcome, checked)
  }
}

/** An expectation to await, or to go on from with the next one. */
export class Expected<C extends AnyCommand, State> extends Then<C, State> implements PromiseLike<undefined> {
  // biome-ignore lint/suspicious/noThenProperty: to be awaited is what it is for
  then<A = void, B = never>(
    onMet?: ((met: undefined) => A | PromiseLike<A>) | null,
    onMissed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.before.then(() => undefined).then(onMet, onMissed)
  }
}

function isSameList(actual: readonly unknown[], expected: readonly unknown[]): boolean {
  return actual.length === expected.length && actual.every((event, index) => isSame(event, expected[index]))
}

/** An event of the class that was named is as good as any other of it. */
function eventInsteadOf(expected: AnyEvent | Class<AnyEvent>, actual: AnyEvent | undefined): unknown {
  if (!isEventClass(expected)) return expected
  return actual !== undefined && eventClassOf(actual) === expected ? actual : (expected satisfies AnyEventClass)
}

function namedFields(state: unknown, { ...expected }: object): unknown {
  if (typeof state !== 'object' || state === null) return state
  return Object.fromEntries(Object.keys(expected).map((key) => [key, (state as Record<string, unknown>)[key]]))
}

function expectedError(expected: ExpectedError): string {
  if (typeof expected === 'string') return `'${expected}'`
  return typeof expected === 'function' ? expected.name : describedError(expected)
}

function whyOther(error: unknown, expected: ExpectedError): string | undefined {
  if (typeof expected === 'string') {
    return (error as { code?: unknown } | undefined)?.code === expected
      ? undefined
      : difference(`'${expected}'`, describedError(error))
  }
  if (typeof expected === 'function') {
    return error instanceof expected ? undefined : difference(expected.name, describedError(error))
  }
  const [wanted, got] = [facts(expected), facts(error)]
  return error instanceof Error && hasFields(got, wanted) && isSame(got, wanted) ? undefined : difference(wanted, got)
}

function facts(error: unknown): object {
  if (!(error instanceof Error)) return { thrown: error }
  const { name, message } = error
  return { name, code: (error as { code?: unknown }).code, message, ...(DomainError.is(error) && { facts: error.facts }) }
}
