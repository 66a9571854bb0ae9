import { OWN_SCHEMA_VERSION, type StoredEvent, type WrittenEvents } from '@writ/event-store'
import { Verdict } from '../schema/append-functions.js'
import type { BatchEntry } from './batch.js'
import type { EntryVerdict } from './verdicts.js'

/**
 * What the appends of a batch or of a transaction have written, as a read would give it: its events stand one after another in the log.
 *
 * @returns undefined where nothing was written, or the answer does not tell when
 */
export function writtenEvents(
  appends: readonly Pick<BatchEntry, 'stream' | 'events'>[],
  verdicts: readonly EntryVerdict[],
): WrittenEvents | undefined {
  const written: StoredEvent[] = []
  let after: number | undefined
  let upTo = 0
  let createdAt: Date | undefined
  for (const [index, { stream, events }] of appends.entries()) {
    const { verdict, detail, position, writtenAt } = verdicts[index]!
    if (verdict !== Verdict.accepted || events.length === 0) continue
    if (writtenAt === undefined) return undefined
    after ??= position - events.length
    createdAt ??= new Date(writtenAt)
    upTo = position
    for (const [place, { id, type, schemaVersion, data, metadata, tags }] of events.entries()) {
      // A record of Writ's own has a place in the log, and is left out by who reads it.
      if (schemaVersion === OWN_SCHEMA_VERSION) continue
      const before = events.length - place - 1
      written.push({
        id,
        type,
        schemaVersion,
        stream,
        version: detail - before,
        position: position - before,
        data,
        metadata,
        tags,
        createdAt,
      })
    }
  }
  return after === undefined ? undefined : { after, upTo, events: written }
}
