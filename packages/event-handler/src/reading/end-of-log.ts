import type { EventStore } from '@writ/event-store'

/**
 * Where the log ends, seen from a position behind which no event was found; undefined when there is one now.
 *
 * The last thing in the log need not be an event: a link, or a deletion. Whoever waits for its position has seen all there is.
 */
export async function endOfLog(store: EventStore, position: number): Promise<number | undefined> {
  const { position: head } = await store.head()
  if (head <= position) return position
  for await (const page of store.readAll({ after: position, upTo: head, limit: 1, pageSize: 1 })) {
    if (page.length > 0) return undefined
  }
  return head
}
