import {
  type EventStore,
  eventsOf,
  hasCode,
  inheritedFrom,
  type RecordedEvent,
  type Runtime,
  type StoredEvent,
  streamName,
} from '@writ/event-store'
import { UnreadableJournalError } from '../errors/process-errors.js'
import { type JournalEntry, ProcessAdvanced } from './journal-entry.js'

/**
 * The stream that is an instance's journal.
 *
 * A dash ends a stream's category, so those of the manager's name are written as `~`, which no name has.
 */
export function journalStream(processManager: string, instance: string): string {
  return streamName(journalCategory(processManager), instance)
}

const journalCategory = (processManager: string) => `$process.${processManager.replaceAll('-', '~')}`

/** The last entry of a journal, and how many there are. */
export interface JournalEnd {
  /** 0 where there is no journal. */
  readonly version: number
  readonly entry: JournalEntry | undefined
}

/** Another owner has written to a journal meanwhile: what was decided here does not count. */
export class TakenOver extends Error {}

/** The journals of one process manager. */
export class Journals {
  constructor(
    private readonly store: EventStore,
    private readonly runtime: Runtime,
  ) {}

  /** @throws UnreadableJournalError */
  async last(stream: string): Promise<JournalEnd> {
    for await (const stored of eventsOf(this.store.readStream(stream, { direction: 'backwards', limit: 1 }))) {
      return { version: stored.version, entry: entryOf(stored) }
    }
    return { version: 0, entry: undefined }
  }

  /** @throws TakenOver when the journal is not at this version any more */
  async append(stream: string, expectedVersion: number, entry: JournalEntry, { id, metadata }: RecordedEvent): Promise<void> {
    try {
      await this.store.append({
        stream,
        expectedVersion,
        events: [
          {
            id: this.runtime.uuid(),
            type: ProcessAdvanced.type,
            schemaVersion: ProcessAdvanced.schemaVersion,
            data: JSON.stringify(entry),
            metadata: JSON.stringify({ ...inheritedFrom(metadata), causationId: id }),
            tags: [],
          },
        ],
      })
    } catch (error) {
      if (hasCode(error, 'wrong-expected-version')) throw new TakenOver(stream, { cause: error })
      throw error
    }
  }
}

/**
 * The whole history of one instance: what it has handled, decided and learned.
 *
 * @param processManager its name
 */
export async function readJournal(store: EventStore, processManager: string, instance: string): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = []
  for await (const stored of eventsOf(store.readStream(journalStream(processManager, instance)))) entries.push(entryOf(stored))
  return entries
}

/**
 * The position of the event that a process manager's first journal entry is about; undefined where it has none.
 *
 * @param processManager its name
 */
export async function firstHandled(store: EventStore, processManager: string): Promise<number | undefined> {
  const category = journalCategory(processManager)
  for await (const stored of eventsOf(store.readAll({ category, limit: 1 }))) return entryOf(stored).event.position
  return undefined
}

function entryOf({ stream, version, type, schemaVersion, data }: StoredEvent): JournalEntry {
  if (type !== ProcessAdvanced.type)
    throw new UnreadableJournalError(stream, version, `the event '${type}' does not belong there`)
  if (schemaVersion > ProcessAdvanced.schemaVersion) {
    throw new UnreadableJournalError(stream, version, 'a newer version of Writ has written it; deploy that one')
  }
  return JSON.parse(data) as JournalEntry
}
