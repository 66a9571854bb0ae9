import { thrownMessage, WritError } from '@writ/event-store'

/** An inline projection could not handle an event that was to be appended. Nothing was written: no event, no row. */
export class InlineProjectionFailedError extends WritError<'inline-projection-failed'> {
  constructor(
    readonly projection: string,
    /** The event's type. */
    readonly event: string,
    readonly stream: string,
    cause: unknown,
  ) {
    super(
      'inline-projection-failed',
      `The inline projection '${projection}' failed on '${event}' for '${stream}': ${thrownMessage(cause).replace(/\.$/, '')}. ` +
        'The append was refused and nothing was written. Mend the handler; where it means to refuse, let it throw a DomainError.',
      { cause },
    )
  }
}
