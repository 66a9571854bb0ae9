import type { ParkedEventName } from '../store/parked-events.js'
import { WritError } from './writ-error.js'

/** An event is not parked (any more). Nothing was changed. */
export class UnknownParkedEventError extends WritError<'unknown-parked-event'> {
  readonly sequence: string
  readonly position: number
  readonly part: number

  constructor(
    readonly subscription: string,
    { sequence, position, part }: ParkedEventName,
  ) {
    super(
      'unknown-parked-event',
      `The subscription '${subscription}' has no parked event ${position} (part ${part}) in the sequence '${sequence}': it never had, or it ` +
        'was handled or discarded meanwhile. Nothing was changed; look at the list of its parked events.',
    )
    this.sequence = sequence
    this.position = position
    this.part = part
  }
}
