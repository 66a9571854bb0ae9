import { InvalidAppendError } from '../errors/invalid-append-error.js'

/**
 * The stream's version that a decision was made on.
 *
 * A number is exact (0 and `'no-stream'` mean the same), `'stream-exists'` wants at least one event, `'any'` takes whatever is there.
 */
export type ExpectedVersion = number | 'no-stream' | 'stream-exists' | 'any'

/** Whether a stream at this version (0: absent) is what was expected. */
export function isExpected(expected: ExpectedVersion, actual: number): boolean {
  switch (expected) {
    case 'any':
      return true
    case 'stream-exists':
      return actual > 0
    case 'no-stream':
      return actual === 0
    default:
      return actual === expected
  }
}

/** @throws InvalidAppendError for anything but the four forms */
export function checkExpectedVersion(stream: string, expected: unknown): asserts expected is ExpectedVersion {
  if (expected === 'any' || expected === 'no-stream' || expected === 'stream-exists') return
  if (Number.isSafeInteger(expected) && (expected as number) >= 0) return
  throw new InvalidAppendError(
    stream,
    `the expected version ${typeof expected === 'string' ? `'${expected.slice(0, 60)}'` : String(expected)} is none; give an integer from 0, 'no-stream', 'stream-exists' or 'any'`,
  )
}
