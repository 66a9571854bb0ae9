import {
  type AnyCommand,
  type AnyEvent,
  type AnyEventClass,
  type Class,
  DomainError,
  eventClassOf,
  isEventClass,
  type ResultOf,
} from '@writ/event-store'
import { difference, hasFields, isSame, isSameList, printed } from '../difference.js'
import { Expectations, type Expected } from './expectations.js'
import { described, describedError, type Outcome } from './outcome.js'

/** What is expected of a refusal or a failure: its code, its class, or, with message and facts, an error like it. */
export type ExpectedError = string | Class<Error> | Error

/** What is expected of a command's outcome. Each expectation is awaited; several can be chained, and the command runs once. */
export class Then<C extends AnyCommand, State> extends Expectations<Outcome<State>> {
  /** It is accepted, and these events happen: all of them, in this order. A class stands for an event of it, whatever its data. */
  thenEvents(expected: readonly (AnyEvent | Class<AnyEvent>)[]): Expected<this> {
    return this.expect((outcome, fail) => {
      if (outcome.kind !== 'accepted') return fail(`The events ${printed(expected)} were expected. ${described(outcome)}`)
      const wanted = expected.map((event, index) => eventInsteadOf(event, outcome.events[index]))
      if (!isSameList(outcome.events, wanted)) return fail(`Other events happened:\n\n${difference(wanted, outcome.events)}`)
    })
  }

  /** It is accepted, and nothing happens. */
  thenNothing(): Expected<this> {
    return this.expect((outcome, fail) => {
      if (outcome.kind !== 'accepted' || outcome.events.length > 0) fail(`Nothing was to happen. ${described(outcome)}`)
    })
  }

  /** It is accepted, and its sender gets this result. */
  thenResult(expected: ResultOf<C>): Expected<this> {
    return this.expect((outcome, fail) => {
      if (outcome.kind !== 'accepted') return fail(`The result ${printed(expected)} was expected. ${described(outcome)}`)
      if (!isSame(outcome.result, expected)) fail(`The result is another one:\n\n${difference(expected, outcome.result)}`)
    })
  }

  /** The domain refuses it: a `DomainError` was thrown, and nothing happens. */
  thenRefused(expected: ExpectedError): Expected<this> {
    return this.expect((outcome, fail) => {
      if (outcome.kind !== 'refused') return fail(`It was to be refused (${expectedError(expected)}). ${described(outcome)}`)
      const why = whyOther(outcome.error, expected)
      if (why) fail(`It was refused for another reason:\n\n${why}`)
    })
  }

  /** It fails with something else than a refusal. */
  thenFailed(expected: ExpectedError): Expected<this> {
    return this.expect((outcome, fail) => {
      if (outcome.kind !== 'failed') return fail(`It was to fail (${expectedError(expected)}). ${described(outcome)}`)
      const why = whyOther(outcome.error, expected)
      if (why) fail(`It failed for another reason:\n\n${why}`)
    })
  }

  /** After it, the state is like this: fields and their values, or a function that throws when it is not so. */
  thenState(expected: Partial<State> | ((state: State) => void)): Expected<this> {
    return this.expect((outcome, fail) => {
      if (outcome.kind === 'failed') return fail(`A state was expected. ${described(outcome)}`)
      const { state } = outcome
      if (typeof expected === 'function') return (expected as (state: State) => void)(state)
      const compared = typeof expected === 'object' && expected !== null ? namedFields(state, expected) : state
      if (!isSame(compared, expected)) fail(`The state is another one:\n\n${difference(expected, compared)}`)
    })
  }
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
