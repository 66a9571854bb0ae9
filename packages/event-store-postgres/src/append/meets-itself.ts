import { matchesQuery, type NewEvent } from '@writ/event-store'
import type { Batch } from './batch.js'

/**
 * Whether appends of a batch can meet one another: one's condition may match another's events, or they share a command id.
 *
 * Then they are checked and written one by one, in their order, instead of all at once.
 */
export function meetsItself(batch: Batch): boolean {
  return sharesCommandIds(batch) || conditionsMeetEvents(batch)
}

function sharesCommandIds(batch: Batch): boolean {
  let seen: Set<string> | undefined
  for (const { parts } of batch) {
    for (const { commandId } of parts[0]!.append.receipts ?? []) {
      seen ??= new Set()
      if (seen.has(commandId)) return true
      seen.add(commandId)
    }
  }
  return false
}

function conditionsMeetEvents(batch: Batch): boolean {
  if (!batch.some(({ parts }) => parts[0]!.append.condition)) return false
  const byTag = new Map<string, NewEvent[]>()
  const before: NewEvent[] = []
  for (const { events, parts } of batch) {
    for (const item of parts[0]!.append.condition?.failIfMatch.items ?? []) {
      const firstTag = item.tags?.[0]
      const candidates = firstTag === undefined ? before : (byTag.get(firstTag) ?? [])
      if (candidates.some((event) => matchesQuery({ items: [item] }, event))) return true
    }
    for (const event of events) {
      before.push(event)
      for (const tag of event.tags) {
        const tagged = byTag.get(tag)
        if (tagged) tagged.push(event)
        else byTag.set(tag, [event])
      }
    }
  }
  return false
}
