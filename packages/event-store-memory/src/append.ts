import {
  type Append,
  AppendConditionFailedError,
  type Appended,
  CommandAlreadyHandledError,
  checkAppend,
  checkAppends,
  EventIdConflictError,
  isExpected,
  type NewEvent,
  type StoredEvent,
  WrongExpectedVersionError,
  whyNotJson,
} from '@writ/event-store'
import type { InMemoryLog } from './in-memory-log.js'
import { missedBy } from './missed.js'
import { refuseDeleted } from './read.js'

const none: readonly never[] = Object.freeze([])

/** Checks an append and, when nothing speaks against it, adds its events and receipts to the log. */
export function append(log: InMemoryLog, append: Append): Appended {
  checkAppend(append)
  const malformed = whyNotJson(append)
  if (malformed) throw malformed
  const repeated = answerToRepetition(log, append)
  if (repeated) return repeated
  checkAgainst(log, append)
  return store(log, append, log.position + append.events.length)
}

/** The same for several streams: all or none. */
export function appendAll(log: InMemoryLog, appends: readonly Append[]): readonly Appended[] {
  checkAppends(appends)
  for (const append of appends) {
    const malformed = whyNotJson(append)
    if (malformed) throw malformed
  }
  const isRepetition = isRepeated(log, appends)
  for (const append of appends) {
    const repeated = answerToRepetition(log, append)
    if (repeated && !isRepetition) throw new EventIdConflictError(append.stream, append.events[0]!.id)
    if (!isRepetition) checkAgainst(log, append)
  }
  if (isRepetition) return appends.map((append) => answerToRepetition(log, append) ?? streamAsItIs(log, append.stream))
  const end = appends.reduce((position, { events }) => position + events.length, log.position)
  return appends.map((append) => store(log, append, end))
}

/** Whether all events are there already, and stand in the log as one call wrote them. */
function isRepeated(log: InMemoryLog, appends: readonly Append[]): boolean {
  let last: number | undefined
  for (const { stream, events } of appends) {
    for (const event of events) {
      const stored = log.eventsById.get(event.id)
      if (!stored || stored.stream !== stream || !isSameContent(stored, event)) return false
      if (last !== undefined && stored.position !== last + 1) return false
      last = stored.position
    }
  }
  return last !== undefined
}

function streamAsItIs(log: InMemoryLog, name: string): Appended {
  const stream = log.streams.get(name) ?? []
  return { version: stream.length, position: stream.at(-1)?.position ?? 0 }
}

function checkAgainst(log: InMemoryLog, append: Append): void {
  checkReceipts(log, append)
  refuseDeleted(log, append.stream)
  checkVersion(log, append)
  checkCondition(log, append)
}

/** An append whose reply was lost is sent again with the same ids; it is answered as the first time, whatever happened since. */
function answerToRepetition(log: InMemoryLog, { stream, events }: Append): Appended | undefined {
  const known = firstKnown(log, events)
  if (known === undefined) return undefined
  const first = log.eventsById.get(events[0]!.id)
  let last = first
  for (const [index, event] of events.entries()) {
    const stored = log.eventsById.get(event.id)
    const isTheSame =
      first && stored?.position === first.position + index && stored.stream === stream && isSameContent(stored, event)
    if (!isTheSame) throw new EventIdConflictError(stream, stored ? event.id : known.id)
    last = stored
  }
  return { version: last!.version, position: last!.position }
}

function firstKnown(log: InMemoryLog, events: readonly NewEvent[]): NewEvent | undefined {
  for (const event of events) if (log.eventsById.get(event.id)) return event
  return undefined
}

function isSameContent(stored: StoredEvent, event: NewEvent): boolean {
  return stored.type === event.type && stored.schemaVersion === event.schemaVersion && stored.data === event.data
}

function checkReceipts(log: InMemoryLog, { receipts = none }: Append): void {
  for (const { commandId } of receipts) {
    const receipt = log.receipts.get(commandId)
    if (receipt) throw new CommandAlreadyHandledError(receipt)
  }
}

function checkVersion(log: InMemoryLog, { stream, expectedVersion = 'any' }: Append): void {
  const version = log.streams.get(stream)?.length ?? 0
  if (isExpected(expectedVersion, version)) return
  throw new WrongExpectedVersionError(stream, expectedVersion, version, missedBy(log, stream, expectedVersion))
}

function checkCondition(log: InMemoryLog, { stream, condition }: Append): void {
  if (!condition) return
  for (const { position } of log.matching(condition.failIfMatch, condition.after ?? 0, log.position, 'backwards')) {
    throw new AppendConditionFailedError(stream, position)
  }
}

/** @param end where the log ends when all is stored that is stored together */
function store(log: InMemoryLog, { stream: name, events, receipts = none }: Append, end: number): Appended {
  const stream = log.streams.get(name) ?? []
  const before = stream.length
  const createdAt = log.date()
  if (events.length > 0) {
    if (before === 0) log.streams.set(name, stream)
    for (const event of events) log.add(recorded(event, name, stream.length + 1, log.position + 1, createdAt), stream)
    log.wakeUp()
  }
  for (const { commandId, eventsUpTo, body } of receipts) {
    const version = before + eventsUpTo
    const receipt = { commandId, stream: name, version, position: positionAt(stream, version), body, createdAt }
    log.receipts.set(commandId, receipt)
    if (eventsUpTo === 0) log.receiptMoments.set(receipt, { position: end, moment: ++log.lastReceiptMoment })
  }
  return { version: stream.length, position: positionAt(stream, stream.length) }
}

function positionAt(stream: readonly (StoredEvent | undefined)[], version: number): number {
  return version === 0 ? 0 : (stream[version - 1]?.position ?? 0)
}

// Fields are copied one by one and the result frozen: the log must not change with an object that its caller still holds.
export function recorded(event: NewEvent, stream: string, version: number, position: number, createdAt: Date): StoredEvent {
  return Object.freeze({
    id: event.id,
    type: event.type,
    schemaVersion: event.schemaVersion,
    data: inOnePiece(event.data),
    metadata: event.metadata,
    tags: event.tags.length === 0 ? none : Object.freeze([...event.tags]),
    stream,
    version,
    position,
    createdAt,
  })
}

/** The same text. One that was put together keeps its parts, until somebody looks at a letter of it. */
function inOnePiece(text: string): string {
  text.charCodeAt(0)
  return text
}
