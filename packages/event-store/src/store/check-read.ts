import { InvalidReadError } from '../errors/append-errors.js'
import { nearestName } from '../errors/nearest-name.js'
import { MAX_EVENTS_PER_APPEND, uuid, whyQueryIsMalformed } from './check-append.js'
import type { ReadAllOptions, ReadOptions, ReadStreamOptions } from './event-store.js'
import type { EventQuery } from './query.js'
import { checkStreamName, isCategory, isStreamName } from './stream-name.js'

/** A read of one stream with every option given. */
export type StreamRead = Required<ReadStreamOptions>
/** A read of the log with every option given but what narrows it down. */
export interface LogRead extends Required<Omit<ReadAllOptions, 'query' | 'stream' | 'category' | 'correlationId'>> {
  readonly query?: EventQuery
  readonly stream?: readonly string[]
  readonly category?: readonly string[]
  readonly correlationId?: string
}

const commonOptions: readonly (keyof ReadOptions)[] = ['direction', 'limit', 'pageSize', 'durable']
const streamOptions: readonly (keyof ReadStreamOptions)[] = [...commonOptions, 'fromVersion', 'toVersion']
const logOptions: readonly (keyof ReadAllOptions)[] = [
  ...commonOptions,
  'after',
  'upTo',
  'query',
  'stream',
  'category',
  'correlationId',
]

/** Fills in the defaults; `limit` and `toVersion` default to the greatest safe integer. */
export function streamRead(stream: string, options: ReadStreamOptions = {}): StreamRead {
  checkStreamName(stream)
  refuseUnknown(options, streamOptions)
  const { fromVersion = 1, toVersion = Number.MAX_SAFE_INTEGER } = options
  checkInteger('fromVersion', fromVersion, 0)
  checkInteger('toVersion', toVersion, 0)
  return { ...readDefaults(options), fromVersion, toVersion }
}

/** Fills in the defaults; `limit` and `upTo` default to the greatest safe integer. */
export function logRead(options: ReadAllOptions = {}): LogRead {
  refuseUnknown(options, logOptions)
  const { after = 0, upTo = Number.MAX_SAFE_INTEGER, query, correlationId } = options
  checkInteger('after', after, 0)
  checkInteger('upTo', upTo, 0)
  const why = query && whyQueryIsMalformed(query)
  if (why) throw new InvalidReadError('query', `it ${why}`)
  const stream = options.stream === undefined ? undefined : streamsOf(options.stream)
  const category = options.category === undefined ? undefined : categoriesOf(options.category)
  if (correlationId !== undefined && !isText(correlationId)) {
    throw new InvalidReadError('correlationId', 'it must be text without null characters and halves of surrogate pairs')
  }
  return {
    ...readDefaults(options),
    after,
    upTo,
    ...(query && { query }),
    ...(stream && { stream }),
    ...(category && { category }),
    ...(correlationId !== undefined && { correlationId }),
  }
}

/** @throws InvalidReadError */
export function checkIds(ids: readonly string[]): void {
  if (!Array.isArray(ids) || ids.length > MAX_EVENTS_PER_APPEND)
    throw new InvalidReadError('ids', `it must be a list of up to ${MAX_EVENTS_PER_APPEND} ids`)
  for (const id of ids)
    if (!uuid.test(id)) throw new InvalidReadError('ids', `'${String(id).slice(0, 60)}' is no UUID in lower case`)
}

function streamsOf(stream: string | readonly string[]): readonly string[] {
  const streams = typeof stream === 'string' ? [stream] : stream
  if (Array.isArray(streams) && streams.length > 0 && streams.every(isStreamName)) return streams
  throw new InvalidReadError('stream', "it must be a stream's name, or a list of at least one")
}

function categoriesOf(category: string | readonly string[]): readonly string[] {
  const categories = typeof category === 'string' ? [category] : category
  if (!Array.isArray(categories) || categories.length === 0) {
    throw new InvalidReadError('category', 'it must be a category, or a list of at least one')
  }
  for (const one of categories) {
    if (!isCategory(one)) {
      throw new InvalidReadError(
        'category',
        `'${String(one).slice(0, 60)}' is none: a category is what stands before the first dash in a stream's name`,
      )
    }
  }
  return categories
}

function isText(text: unknown): text is string {
  return typeof text === 'string' && text.isWellFormed() && !text.includes('\0')
}

function readDefaults(options: ReadOptions): Required<ReadOptions> {
  const { direction = 'forwards', limit = Number.MAX_SAFE_INTEGER, pageSize = 1_000, durable = true } = options
  if (direction !== 'forwards' && direction !== 'backwards') {
    throw new InvalidReadError('direction', "it must be 'forwards' or 'backwards'")
  }
  checkInteger('limit', limit, 0)
  checkInteger('pageSize', pageSize, 1, 10_000)
  return { direction, limit, pageSize, durable }
}

// One that is misspelt would read more than was asked for, or less.
/** @throws InvalidReadError for an option that a read does not have, with the nearest name */
export function refuseUnknown(options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw new InvalidReadError('options', 'they must be an object')
  const unknown = Object.keys(options).find((option) => !known.includes(option))
  if (unknown === undefined) return
  const nearest = nearestName(unknown, known)
  throw new InvalidReadError(unknown, `there is none of that name${nearest ? `; the nearest is '${nearest}'` : ''}`)
}

function checkInteger(option: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new InvalidReadError(option, `it must be an integer from ${least} to ${most}`)
  }
}
