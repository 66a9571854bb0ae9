import { isError, thrownCode } from './thrown.js'

/**
 * The base of every error that Writ throws on purpose.
 *
 * The message says what happened, why, and what to do; the facts are fields of the subclass; `code` is stable across releases.
 */
export abstract class WritError<Code extends string = string> extends Error {
  constructor(
    readonly code: Code,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = new.target.name
  }
}

/**
 * Tells whether an error is the one with this code; it goes by the code alone, so that it also works across duplicate installs.
 *
 * @example if (hasCode<WrongExpectedVersionError>(error, 'wrong-expected-version')) retryFrom(error.actualVersion)
 */
export function hasCode<E extends WritError = WritError>(error: unknown, code: E['code']): error is E {
  return isError(error) && thrownCode(error) === code
}
