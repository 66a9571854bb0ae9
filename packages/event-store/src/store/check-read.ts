import { InvalidReadError } from '../errors/append-errors.js'
import { whyQueryIsMalformed } from './check-append.js'
import type { ReadAllOptions, ReadOptions, ReadStreamOptions } from './event-store.js'
import { checkStreamName } from './stream-name.js'

/** A read of one stream with every option given. */
export type StreamRead = Required<ReadStreamOptions>
/** A read of the log with every option given but the query. */
export type LogRead = Required<Omit<ReadAllOptions, 'query'>> & Pick<ReadAllOptions, 'query'>

/** Fills in the defaults; `limit` and `toVersion` default to the greatest safe integer. */
export function streamRead(stream: string, options: ReadStreamOptions = {}): StreamRead {
  checkStreamName(stream)
  const { fromVersion = 1, toVersion = Number.MAX_SAFE_INTEGER } = options
  checkInteger('fromVersion', fromVersion, 0)
  checkInteger('toVersion', toVersion, 0)
  return { ...readDefaults(options), fromVersion, toVersion }
}

/** Fills in the defaults; `limit` and `upTo` default to the greatest safe integer. */
export function logRead(options: ReadAllOptions = {}): LogRead {
  const { after = 0, upTo = Number.MAX_SAFE_INTEGER, query } = options
  checkInteger('after', after, 0)
  checkInteger('upTo', upTo, 0)
  const why = query && whyQueryIsMalformed(query)
  if (why) throw new InvalidReadError('query', `it ${why}`)
  return { ...readDefaults(options), after, upTo, ...(query && { query }) }
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

function checkInteger(option: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new InvalidReadError(option, `it must be an integer from ${least} to ${most}`)
  }
}
