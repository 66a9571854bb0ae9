import { InvalidStreamNameError } from '../errors/invalid-append-error.js'

const MAX_BYTES = 1_000
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unprintable = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff\u2028\u2029]/

/** `account` and `42` → `account-42` */
export function streamName(category: string, identity: string): string {
  return `${category}-${identity}`
}

/** `account-42` → `account`: the category ends at the first dash. */
export function categoryOf(stream: string): string {
  const dash = stream.indexOf('-')
  return dash === -1 ? stream : stream.slice(0, dash)
}

/** Whether the stream is one of Writ's own, such as a process manager's journal. */
export function isReservedStream(stream: string): boolean {
  return stream.startsWith('$')
}

/**
 * @throws InvalidStreamNameError for a name that is empty, longer than 1,000 bytes, or has control characters or lone surrogates
 */
export function checkStreamName(stream: unknown): asserts stream is string {
  if (typeof stream !== 'string') throw new InvalidStreamNameError(String(stream), 'it must be a string')
  if (stream === '') throw new InvalidStreamNameError(stream, 'it is empty')
  if (stream.length > MAX_BYTES || (stream.length > MAX_BYTES / 3 && Buffer.byteLength(stream) > MAX_BYTES)) {
    throw new InvalidStreamNameError(stream, `it is longer than ${MAX_BYTES} bytes`)
  }
  if (unprintable.test(stream) && hasUnprintable(stream)) {
    throw new InvalidStreamNameError(stream, 'it has control characters, line breaks or half of a surrogate pair')
  }
}

// The fast test above also stops at the halves of valid surrogate pairs.
function hasUnprintable(text: string): boolean {
  return [...text].some((character) => character.length === 1 && unprintable.test(character))
}
