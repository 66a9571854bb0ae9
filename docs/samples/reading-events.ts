import { type AppendCondition, type EventStore, eventsOf, type NewEvent } from '@writ/event-store'

// #region parts
export async function partsOf(store: EventStore) {
  const found = { seats: 0, deposits: 0, request: 0, newest: [] as number[] }
  // Items are joined by "or"; an item asks for any of its types and all of its tags.
  const query = { items: [{ types: ['seat-taken'], tags: ['course:7'] }, { tags: ['course:7', 'waiting-list'] }] }
  for await (const _ of eventsOf(store.readAll({ query }))) found.seats++

  // All that is given is joined by "and".
  for await (const _ of eventsOf(store.readAll({ category: 'account', query: { items: [{ types: ['money-deposited'] }] } }))) {
    found.deposits++
  }
  for await (const _ of eventsOf(store.readAll({ correlationId: 'request-9' }))) found.request++

  // Backwards, a few, and the rest of the log is never looked at.
  for await (const { position } of eventsOf(store.readAll({ direction: 'backwards', limit: 2 }))) found.newest.push(position)
  return found
}
// #endregion parts

// #region boundary
/** Takes a seat in a course that has so many, whoever else tries at the same time. */
export async function takeSeat(store: EventStore, seat: NewEvent, course: string, seats: number) {
  const query = { items: [{ types: ['seat-taken'], tags: [`course:${course}`] }] }
  const { position: after } = await store.head() // before the read: what comes in between is newer than the decision
  let taken = 0
  for await (const page of store.readAll({ query, upTo: after, durable: false })) taken += page.length
  if (taken >= seats) return 'full'
  const condition: AppendCondition = { failIfMatch: query, after }
  await store.append({ stream: `seat-${seat.id}`, events: [seat], condition }) // else: append-condition-failed; decide again
  return 'taken'
}
// #endregion boundary

// #region list
export async function everyAccount(store: EventStore) {
  const names: string[] = []
  let after: string | undefined
  do {
    const page = await store.streams.list({ category: 'account', limit: 2, ...(after !== undefined && { after }) })
    names.push(...page.streams.map(({ stream, version }) => `${stream} at ${version}`))
    after = page.next
  } while (after !== undefined)
  return names
}
// #endregion list
