import { type EventQuery, type EventTypes, whyQueryIsMalformed } from '@writ/event-store'
import { InvalidBoundaryError } from '../errors/invalid-boundary-error.js'

/**
 * What to ask a store for, by a read and by a condition alike: what an event is today may be stored under another type.
 *
 * @throws InvalidBoundaryError for what is no query, and for a type that no event is of: it would find nothing, and the rule would hold for
 *   nothing without a word
 */
export function storedBoundary(events: EventTypes, wanted: EventQuery): EventQuery {
  const malformed = whyQueryIsMalformed(wanted)
  if (malformed !== undefined) throw new InvalidBoundaryError(`it ${malformed}`)
  for (const { types = [] } of wanted.items) {
    for (const type of types) {
      const why = events.whyNeverOf(type)
      if (why !== undefined) throw new InvalidBoundaryError(`it names the type '${type}', ${why}`)
    }
  }
  return events.storedQuery(wanted)
}
