import type { Append, Appended } from '@writ/event-store'

/** What was written, or answered for, furthest on in the log; its event's id where it is one of these appends'. */
export function newestEvent(
  appends: readonly Append[],
  appended: readonly Appended[],
): { readonly position: number; readonly eventId: string | undefined } {
  let newest = 0
  for (const [index, { position }] of appended.entries()) if (position > appended[newest]!.position) newest = index
  return { position: appended[newest]!.position, eventId: appends[newest]!.events.at(-1)?.id }
}
