import { hasCode, type WritError } from '../src/index.js'

/** The error that an attempt throws; it must have this code. */
export function thrown<E extends WritError = WritError>(code: E['code'], attempt: () => unknown): E {
  try {
    attempt()
  } catch (error) {
    if (hasCode<E>(error, code)) return error
    throw new Error(`Expected an error with the code '${code}', and got: ${String(error)}`, { cause: error })
  }
  throw new Error(`Expected an error with the code '${code}', and nothing was thrown`)
}
