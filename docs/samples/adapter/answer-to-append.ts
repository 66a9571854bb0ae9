import {
  type Append,
  type Appended,
  checkAppend,
  EventIdConflictError,
  isExpected,
  type StoredEvent,
  WrongExpectedVersionError,
  whyNotJson,
} from '@writ/event-store'

/** What an append comes to: its answer, and the events to store. It throws where the append must be refused. */
export function answerToAppend(log: readonly StoredEvent[], append: Append): { appended: Appended; events: StoredEvent[] } {
  // 1. Malformed input comes before anything else.
  checkAppend(append)
  const malformed = whyNotJson(append)
  if (malformed) throw malformed
  // 2. An append whose reply was lost comes again with the same ids, and gets the same answer, whatever happened since.
  const repeated = answerToRepetition(log, append)
  if (repeated) return { appended: repeated, events: [] }
  // 3. The version that the decision was made on.
  const { stream, expectedVersion = 'any' } = append
  const stored = log.filter((event) => event.stream === stream)
  if (!isExpected(expectedVersion, stored.length)) {
    const known = typeof expectedVersion === 'number' ? expectedVersion : expectedVersion === 'no-stream' ? 0 : stored.length
    const missed = stored.length - known > 100 ? undefined : stored.slice(known)
    throw new WrongExpectedVersionError(stream, expectedVersion, stored.length, missed)
  }
  // 4. The events, each with its place in the stream and in the log.
  const createdAt = new Date(Math.max(Date.now(), log.at(-1)?.createdAt.getTime() ?? 0))
  const events = append.events.map(({ id, type, schemaVersion, data, metadata, tags }, index): StoredEvent => {
    const [version, position] = [stored.length + index + 1, log.length + index + 1]
    return { id, type, schemaVersion, data, metadata, tags: [...tags], stream, version, position, createdAt }
  })
  const last = events.at(-1) ?? stored.at(-1)
  return { appended: { version: last?.version ?? 0, position: last?.position ?? 0 }, events }
}

function answerToRepetition(log: readonly StoredEvent[], { stream, events }: Append): Appended | undefined {
  const known = events.filter(({ id }) => log.some((event) => event.id === id))
  if (known.length === 0) return undefined
  const first = log.findIndex((event) => event.id === events[0]!.id)
  for (const [index, event] of events.entries()) {
    const stored = first === -1 ? undefined : log[first + index]
    const isSame =
      stored?.id === event.id &&
      stored.stream === stream &&
      stored.type === event.type &&
      stored.schemaVersion === event.schemaVersion &&
      stored.data === event.data
    if (!isSame) throw new EventIdConflictError(stream, known.includes(event) ? event.id : known[0]!.id)
  }
  const { version, position } = log[first + events.length - 1]!
  return { version, position }
}
