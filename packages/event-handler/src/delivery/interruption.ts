import { isError } from '@writ/event-store'

/**
 * The way out of whatever a subscription is in the midst of. `lease-gone`: another may have taken over; nothing may be written any more.
 * `lease-in-doubt`: a transaction's fate is unknown; the lease has to be taken anew. `ending`: it was asked to stop. `given-up`: its error
 * policy, or an event that can't be read, stops it.
 */
export class Interruption extends Error {
  constructor(
    readonly reason: 'lease-gone' | 'lease-in-doubt' | 'ending' | 'given-up',
    cause?: unknown,
  ) {
    super(reason, { cause })
    this.name = 'Interruption'
  }

  /** Of whatever a handler may have thrown. */
  static is(error: unknown): error is Interruption {
    return isError(error) && error instanceof Interruption
  }
}
