import { type ExpectedVersion, TOMBSTONE_VERSION } from '@writ/event-store'
import type { Values } from '../connections.js'
import { ANY_VERSION, BETWEEN, STREAM_EXISTS, WITHIN } from '../schema/append-functions.js'
import type { BatchEntry, EncodedEntry } from './batch.js'
import { int4Array, int8Array, uuidArray, uuidBuffer } from './binary-array.js'

/** The first arguments of `append_one`: one event and nothing else. */
export function encodeOne({ stream, events, parts }: BatchEntry): Values {
  const event = events[0]!
  const expected = encodeExpected(parts[0]!.append.expectedVersion)
  return [stream, expected, uuidBuffer(event.id), event.type, event.schemaVersion, event.data, event.metadata]
}

export function isOnePlainEvent({ events, parts }: BatchEntry): boolean {
  const { condition, receipts } = parts[0]!.append
  return events.length === 1 && events[0]!.tags.length === 0 && condition === undefined && (receipts?.length ?? 0) === 0
}

/** The first arguments of `append_batch`: all that the batch itself says. */
export function encodeBatch(batch: readonly EncodedEntry[]): Values {
  const streams: string[] = []
  const expected: number[] = []
  const counts: number[] = []
  const ids: string[] = []
  const types: string[] = []
  const schemaVersions: number[] = []
  const datas: string[] = []
  const metadatas: string[] = []
  const tags: string[] = []
  let isTagged = false
  let isPlain = true
  for (const { stream, events, parts } of batch) {
    const { append } = parts[0]!
    streams.push(stream)
    expected.push(encodeExpected(append.expectedVersion))
    counts.push(events.length)
    if (events.length !== 1) isPlain = false
    for (const event of events) {
      ids.push(event.id)
      types.push(event.type)
      schemaVersions.push(event.schemaVersion)
      datas.push(event.data)
      metadatas.push(event.metadata)
      if (event.tags.length === 0) tags.push('')
      else {
        tags.push(event.tags.length === 1 ? event.tags[0]! : event.tags.join(WITHIN))
        isTagged = true
      }
    }
  }
  return [
    streams.join(BETWEEN),
    int4Array(expected),
    isPlain ? null : int4Array(counts),
    uuidArray(ids),
    types.join(BETWEEN),
    int4Array(schemaVersions),
    datas.join(BETWEEN),
    metadatas.join(BETWEEN),
    isTagged ? tags.join(BETWEEN) : null,
    ...encodeConditions(batch),
    ...encodeReceipts(batch),
  ]
}

const noConditions: Values = [null, null, null, null, null]

/** One element for each item of each query. */
function encodeConditions(batch: readonly EncodedEntry[]): Values {
  const appends: number[] = []
  const afters: number[] = []
  const firstTags: string[] = []
  const moreTags: string[] = []
  const types: string[] = []
  for (const [index, { parts }] of batch.entries()) {
    const { condition } = parts[0]!.append
    if (condition === undefined) continue
    for (const item of condition.failIfMatch.items) {
      appends.push(index + 1)
      afters.push(condition.after ?? 0)
      firstTags.push(item.tags?.[0] ?? '')
      moreTags.push(item.tags?.slice(1).join(WITHIN) ?? '')
      types.push(item.types?.join(WITHIN) ?? '')
    }
  }
  if (appends.length === 0) return noConditions
  return [int4Array(appends), int8Array(afters), firstTags.join(BETWEEN), moreTags.join(BETWEEN), types.join(BETWEEN)]
}

const noReceipts: Values = [null, null, null, null]

function encodeReceipts(batch: readonly EncodedEntry[]): Values {
  const appends: number[] = []
  const ids: string[] = []
  const events: number[] = []
  const bodies: string[] = []
  for (const [index, { parts }] of batch.entries()) {
    for (const receipt of parts[0]!.append.receipts ?? []) {
      appends.push(index + 1)
      ids.push(receipt.commandId)
      events.push(receipt.eventsUpTo)
      bodies.push(receipt.body)
    }
  }
  if (appends.length === 0) return noReceipts
  return [int4Array(appends), ids.join(BETWEEN), int4Array(events), bodies.join(BETWEEN)]
}

export function encodeExpected(expected: ExpectedVersion | undefined): number {
  switch (expected) {
    case undefined:
    case 'any':
      return ANY_VERSION
    case 'no-stream':
      return 0
    case 'stream-exists':
      return STREAM_EXISTS
    default:
      // No stream is as long as this, so a greater number is refused all the same; that of a tombstone must not be met.
      return Math.min(expected, TOMBSTONE_VERSION - 1)
  }
}
