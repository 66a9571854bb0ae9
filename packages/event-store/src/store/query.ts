/**
 * Which events a boundary is about: those that match any of its items.
 *
 * An event matches an item when it has any of the types, where the item names some, and all of the tags.
 * (The semantics of the specification at dcb.events.)
 */
export interface EventQuery {
  readonly items: readonly EventQueryItem[]
}

export interface EventQueryItem {
  /** Any of these types; left out: every type. */
  readonly types?: readonly string[]
  /** All of these tags; left out: whatever the tags. */
  readonly tags?: readonly string[]
}

/** What an append may insist on besides its stream's version. */
export interface AppendCondition {
  /** The append is refused when an event matches … */
  readonly failIfMatch: EventQuery
  /**
   * … after this position: one up to which the decision has seen all that matches. Safe are the position of the last event that was
   * read for it, and that of the log's head from before the read. It may lie beyond the last match. 0 by default: the whole log.
   */
  readonly after?: number
}

/** Whether an event with this type and these tags is one that the query is about. */
export function matchesQuery(query: EventQuery, event: { readonly type: string; readonly tags: readonly string[] }): boolean {
  return query.items.some(
    ({ types, tags }) =>
      (types === undefined || types.includes(event.type)) && (tags ?? []).every((tag) => event.tags.includes(tag)),
  )
}
