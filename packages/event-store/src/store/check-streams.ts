import { InvalidAppendError } from '../errors/invalid-append-error.js'
import { InvalidTruncationError } from '../errors/stream-errors.js'
import { checkExpectedVersion } from './expected-version.js'
import { checkStreamName } from './stream-name.js'
import type { DeleteOptions, TruncateOptions } from './streams.js'

/**
 * A delete with every option given.
 *
 * @throws InvalidStreamNameError, InvalidAppendError
 */
export function checkDelete(stream: string, options: DeleteOptions = {}): Required<DeleteOptions> {
  const { expectedVersion = 'stream-exists', hard = false, metadata = {} } = options
  checkStreamName(stream)
  checkExpectedVersion(stream, expectedVersion)
  if (typeof hard !== 'boolean') throw new InvalidAppendError(stream, 'the option `hard` of its delete must be true or false')
  return { expectedVersion, hard, metadata }
}

/**
 * A truncation with every option given.
 *
 * @throws InvalidStreamNameError, InvalidTruncationError
 */
export function checkTruncate(stream: string, { before, hard = false }: TruncateOptions): Required<TruncateOptions> {
  checkStreamName(stream)
  if (!Number.isSafeInteger(before) || before < 1) throw new InvalidTruncationError(stream, before, undefined)
  if (typeof hard !== 'boolean') throw new InvalidAppendError(stream, 'the option `hard` of its truncation must be true or false')
  return { before, hard }
}
