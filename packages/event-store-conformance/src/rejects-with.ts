import { hasCode, type WritError } from '@writ/event-store'

/**
 * Waits until an attempt fails, and returns its error, which must have this code: any other one is reported as the cause.
 *
 * @example const error = await rejectsWith<WrongExpectedVersionError>('wrong-expected-version', () => store.append(…))
 */
export async function rejectsWith<E extends WritError = WritError>(
  code: E['code'],
  attempt: () => PromiseLike<unknown>,
): Promise<E> {
  let outcome: unknown
  try {
    outcome = await attempt()
  } catch (error) {
    if (hasCode<E>(error, code)) return error
    throw new Error(`Expected a rejection with the code '${code}', and got: ${String(error)}`, { cause: error })
  }
  throw new Error(`Expected a rejection with the code '${code}', and it was fulfilled: ${JSON.stringify(outcome)}`)
}
