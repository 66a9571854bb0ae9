import { InvalidReadError } from '../errors/append-errors.js'
import { InvalidAppendError } from '../errors/invalid-append-error.js'
import { refuseUnknownOptions } from '../errors/invalid-option-error.js'
import { InvalidTruncationError } from '../errors/stream-errors.js'
import { refuseUnknown } from './check-read.js'
import { checkExpectedVersion } from './expected-version.js'
import { checkStreamName, isCategory, isReservedStream } from './stream-name.js'
import type { DeleteOptions, ListOptions, TruncateOptions } from './streams.js'

/**
 * A delete with every option given.
 *
 * @throws InvalidOptionError, InvalidStreamNameError, InvalidAppendError
 */
export function checkDelete(stream: string, options: DeleteOptions = {}): Required<DeleteOptions> {
  refuseUnknownOptions('streams.delete', options, ['expectedVersion', 'hard', 'metadata'])
  const { expectedVersion = 'stream-exists', hard = false, metadata = {} } = options
  checkStreamName(stream)
  checkExpectedVersion(stream, expectedVersion)
  if (typeof hard !== 'boolean') throw new InvalidAppendError(stream, 'the option `hard` of its delete must be true or false')
  return { expectedVersion, hard, metadata }
}

/**
 * A truncation with every option given.
 *
 * @throws InvalidOptionError, InvalidStreamNameError, InvalidTruncationError
 */
export function checkTruncate(stream: string, options: TruncateOptions): Required<TruncateOptions> {
  refuseUnknownOptions('streams.truncate', options, ['before', 'hard'])
  const { before, hard = false } = options
  checkStreamName(stream)
  if (!Number.isSafeInteger(before) || before < 1) throw new InvalidTruncationError(stream, before, undefined)
  if (typeof hard !== 'boolean') throw new InvalidAppendError(stream, 'the option `hard` of its truncation must be true or false')
  return { before, hard }
}

/** How many names one page of a search looks at. */
export const MOST_NAMES_SEARCHED = 10_000

/** A list of streams with every option given but those that narrow it down; what they would leave out is empty. */
export type StreamList = Required<Omit<ListOptions, 'category'>> & Pick<ListOptions, 'category'>

const listOptions: readonly (keyof ListOptions)[] = ['category', 'prefix', 'search', 'after', 'limit', 'reserved']

/** @throws InvalidReadError */
export function streamList(options: ListOptions = {}): StreamList {
  refuseUnknown(options, listOptions)
  const { category, prefix = '', search = '', after = '', limit = 100 } = options
  if (category !== undefined && !isCategory(category)) {
    throw new InvalidReadError('category', "it must be what stands before the first dash in a stream's name")
  }
  for (const [option, text] of Object.entries({ prefix, search, after })) {
    if (typeof text !== 'string' || !text.isWellFormed() || text.includes('\0')) {
      throw new InvalidReadError(option, 'it must be text without null characters and halves of surrogate pairs')
    }
  }
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 1_000) {
    throw new InvalidReadError('limit', 'it must be an integer from 1 to 1000')
  }
  const { reserved = isReservedStream(prefix) || isReservedStream(category ?? '') } = options
  if (typeof reserved !== 'boolean') throw new InvalidReadError('reserved', 'it must be true or false')
  return { prefix, search, after, limit, reserved, ...(category !== undefined && { category }) }
}
