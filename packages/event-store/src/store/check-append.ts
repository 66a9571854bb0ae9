import { InvalidAppendError } from '../errors/invalid-append-error.js'
import type { Append } from './append.js'
import { checkExpectedVersion } from './expected-version.js'
import { isJson } from './json-text.js'
import { linkTarget } from './link.js'
import { isSerialised, type NewEvent } from './new-event.js'
import { isReservedType } from './own-record.js'
import type { EventQuery } from './query.js'
import type { NewReceipt } from './receipts.js'
import { checkStreamName } from './stream-name.js'

export const MAX_EVENTS_PER_APPEND = 10_000
/** The most that one event's data and metadata may weigh together, as UTF-8: 1 MiB. */
export const MAX_EVENT_BYTES = 1_048_576
const MAX_TAGS = 32
const MAX_NAME = 256
const MAX_COMMAND_ID = 300

/** How ids of events are spelled. */
export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const printable = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/u

/**
 * What every adapter checks before it writes anything.
 *
 * @throws InvalidStreamNameError, InvalidAppendError
 */
export function checkAppend(append: Append): void {
  const { stream, events, condition, receipts } = append
  checkStreamName(stream)
  // Left out it is 'any'; null, from a caller in JavaScript, is a mistake and must not pass for that.
  if (append.expectedVersion !== undefined) checkExpectedVersion(stream, append.expectedVersion)
  if (events.length > MAX_EVENTS_PER_APPEND) {
    throw new InvalidAppendError(stream, `it has ${events.length} events, and ${MAX_EVENTS_PER_APPEND} is the most; split it`)
  }
  for (const event of events) checkEvent(stream, event)
  if (events.length > 1) checkIdsAreDistinct(stream, events)
  if (receipts && receipts.length > 0) checkReceipts(stream, receipts, events.length)
  if (condition) {
    const { after = 0 } = condition
    if (!Number.isSafeInteger(after) || after < 0) {
      throw new InvalidAppendError(stream, "the condition's `after` must be a position: an integer from 0")
    }
    const why = whyQueryIsMalformed(condition.failIfMatch)
    if (why) throw new InvalidAppendError(stream, `its condition ${why}`)
  }
}

function checkEvent(stream: string, event: NewEvent): void {
  if (!uuid.test(event.id))
    throw new InvalidAppendError(
      stream,
      `the event id '${String(event.id).slice(0, 60)}' is no UUID in lower case, such as newEvent gives`,
    )
  if (!isSerialised(event)) checkWrittenByHand(stream, event)
  if (isReservedType(event.type)) return
  if (!Number.isSafeInteger(event.schemaVersion) || event.schemaVersion < 1 || event.schemaVersion > 32_767) {
    throw new InvalidAppendError(stream, `the schema version of '${event.type}' must be an integer from 1 to 32767`)
  }
  checkSize(stream, event)
  if (event.tags.length > MAX_TAGS)
    throw new InvalidAppendError(stream, `'${event.type}' has ${event.tags.length} tags, and ${MAX_TAGS} is the most`)
  for (const tag of event.tags) checkName(stream, 'tag', tag)
}

/** What holds by itself for an event that was made of an instance of its class. */
function checkWrittenByHand(stream: string, event: NewEvent): void {
  checkName(stream, 'event type', event.type)
  if (isReservedType(event.type)) {
    checkLink(stream, event)
    return
  }
  checkText(stream, event.type, 'data', event.data)
  checkText(stream, event.type, 'metadata', event.metadata)
}

function checkLink(stream: string, event: NewEvent): void {
  if (linkTarget(event) && event.metadata === '{}' && event.tags.length === 0) return
  throw new InvalidAppendError(
    stream,
    `the event type '${event.type}' begins with '$', which is for Writ's own records, and it is no link as newLink makes them`,
  )
}

// Text that UTF-8 would change on its way, or that no store can hold; whether an event's is JSON, `whyNotJson` tells.
function checkText(stream: string, type: string, what: string, text: string): void {
  if (typeof text !== 'string')
    throw new InvalidAppendError(stream, `the ${what} of '${type}' must be JSON text, and is a ${typeof text}`)
  if (!text.isWellFormed()) throw new InvalidAppendError(stream, `the ${what} of '${type}' has half of a surrogate pair`)
}

function checkSize(stream: string, { type, data, metadata }: NewEvent): void {
  const atMost = (data.length + metadata.length) * 3
  if (atMost <= MAX_EVENT_BYTES) return
  const bytes = Buffer.byteLength(data) + Buffer.byteLength(metadata)
  if (bytes <= MAX_EVENT_BYTES) return
  throw new InvalidAppendError(
    stream,
    `'${type}' weighs ${bytes} bytes, and ${MAX_EVENT_BYTES} is the most; store the bulk elsewhere and its address here`,
  )
}

function checkName(stream: string, what: string, name: string): void {
  if (!isName(name)) {
    throw new InvalidAppendError(
      stream,
      `the ${what} '${String(name).slice(0, 60)}' must be 1 to ${MAX_NAME} printable characters`,
    )
  }
}

function isName(name: unknown): boolean {
  return typeof name === 'string' && name !== '' && name.length <= MAX_NAME && printable.test(name) && name.isWellFormed()
}

function checkIdsAreDistinct(stream: string, events: readonly NewEvent[]): void {
  const ids = new Set<string>()
  for (const { id } of events) {
    if (ids.has(id)) throw new InvalidAppendError(stream, `the event id ${id} stands in it twice`)
    ids.add(id)
  }
}

function checkReceipts(stream: string, receipts: readonly NewReceipt[], events: number): void {
  const ids = new Set<string>()
  for (const { commandId, eventsUpTo, body } of receipts) {
    if (
      typeof commandId !== 'string' ||
      commandId.length > MAX_COMMAND_ID ||
      !printable.test(commandId) ||
      !commandId.isWellFormed()
    ) {
      throw new InvalidAppendError(stream, `a command id must be 1 to ${MAX_COMMAND_ID} printable characters`)
    }
    if (ids.has(commandId)) throw new InvalidAppendError(stream, `it has two receipts for the command '${commandId}'`)
    ids.add(commandId)
    if (!Number.isSafeInteger(eventsUpTo) || eventsUpTo < 0 || eventsUpTo > events) {
      throw new InvalidAppendError(stream, `the receipt of '${commandId}' covers ${eventsUpTo} of ${events} events`)
    }
    checkText(stream, commandId, 'receipt', body)
    if (!isJson(body)) throw new InvalidAppendError(stream, `the receipt of '${commandId}' is not JSON text`)
  }
}

/** Why a query can't be asked, as the end of a sentence; undefined when it can. */
export function whyQueryIsMalformed(query: EventQuery): string | undefined {
  if (!Array.isArray(query.items)) return 'has a query whose items are no list'
  if (query.items.length === 0) return 'has a query without items, which would match nothing; name types or tags'
  for (const item of query.items) {
    const { types, tags } = item ?? {}
    if (![types ?? [], tags ?? []].every(Array.isArray)) return 'has a query item whose types or tags are no list'
    if (types === undefined && (tags === undefined || tags.length === 0)) return 'has a query item with neither types nor tags'
    if (types !== undefined && types.length === 0)
      return 'has a query item with an empty list of types, which would match nothing'
    for (const name of [...(types ?? []), ...(tags ?? [])]) {
      if (!isName(name))
        return `names the type or tag '${String(name).slice(0, 60)}', which must be 1 to ${MAX_NAME} printable characters`
    }
    const reserved = types?.find(isReservedType)
    if (reserved !== undefined) return `names the type '${reserved}', which is for Writ's own records and never matches`
  }
  return undefined
}
