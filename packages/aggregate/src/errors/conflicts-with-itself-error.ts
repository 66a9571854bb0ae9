import { WritError } from '@writ/event-store'

/** A handler has begun a transaction that writes to the stream on which it decides itself. Nothing of that was stored. */
export class ConflictsWithItselfError extends WritError<'conflicts-with-itself'> {
  constructor(
    /** The stream on which it decides. */
    readonly stream: string,
  ) {
    super(
      'conflicts-with-itself',
      `The handler of a command to '${stream}' has begun a transaction that writes to '${stream}', too. What it decides itself would then rest on a state ` +
        'that is gone: it would decide again, and write again, until its retries are used up. Nothing of the transaction was stored. ' +
        'Decide both in one handler, in steps, or let an event handler or a process manager send what follows.',
    )
  }
}
