import type { StoredEvent } from '@writ/event-store'
import { sizeOf } from './log-entry.js'

const MOST_EVENTS = 2_000
const FIRST = 250
const FEWEST = 4
const TARGET_SIZE = 4_000_000

/** Whether events that nobody has read are no more than a page. */
export function isPage(events: readonly StoredEvent[]): boolean {
  if (events.length > MOST_EVENTS) return false
  return events.reduce((sum, stored) => sum + sizeOf(stored), 0) <= TARGET_SIZE
}

/** How many events the next page should have, so that pages are long with small events and never heavy with large ones. */
export class PageSize {
  current = FIRST

  /** Learns from a page. */
  measure(page: readonly StoredEvent[]): void {
    if (page.length === 0) return
    const average = page.reduce((sum, stored) => sum + sizeOf(stored), 0) / page.length
    const fitting = Math.floor(TARGET_SIZE / average)
    this.current = Math.max(FEWEST, Math.min(fitting, this.current * 2, MOST_EVENTS))
  }
}
