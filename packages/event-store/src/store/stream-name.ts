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

/** Whether a text can be the category of a stream. */
export function isCategory(category: unknown): category is string {
  return typeof category === 'string' && whyNoStreamName(category) === undefined && !category.includes('-')
}

/** Whether a text can be the name of a stream. */
export function isStreamName(stream: unknown): stream is string {
  return typeof stream === 'string' && whyNoStreamName(stream) === undefined
}

/**
 * @throws InvalidStreamNameError for a name that is empty, longer than 1,000 bytes, or has control characters or lone surrogates
 */
export function checkStreamName(stream: unknown): asserts stream is string {
  const why = typeof stream === 'string' ? whyNoStreamName(stream) : 'it must be a string'
  if (why) throw new InvalidStreamNameError(String(stream), why)
}

function whyNoStreamName(stream: string): string | undefined {
  if (stream === '') return 'it is empty'
  if (stream.length > MAX_BYTES || (stream.length > MAX_BYTES / 3 && Buffer.byteLength(stream) > MAX_BYTES)) {
    return `it is longer than ${MAX_BYTES} bytes`
  }
  if (unprintable.test(stream) && hasUnprintable(stream)) {
    return 'it has control characters, line breaks or half of a surrogate pair'
  }
  return undefined
}

// The fast test above also stops at the halves of valid surrogate pairs.
function hasUnprintable(text: string): boolean {
  return [...text].some((character) => character.length === 1 && unprintable.test(character))
}
