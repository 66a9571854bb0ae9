import { nearestName, WritError } from '@writ/event-store'

/** What was waited for is stored; not all handlers have seen it yet. No reason to repeat the command. */
export class NotYetVisibleError extends WritError<'committed-not-yet-visible'> {
  constructor(
    readonly position: number,
    /** The subscriptions that have not come so far. */
    readonly handlers: readonly string[],
    /** Those of them that have stopped, and won't come there until they are started again. */
    readonly stopped: readonly string[],
    reason: string,
  ) {
    super(
      'committed-not-yet-visible',
      `Position ${position} is not yet handled by ${handlers.join(', ')}: ${reason}. ` +
        'Wait for it again, or read what is there. A command that answered with it is stored, and needs no repetition.',
    )
  }
}

/** What was waited for is stored, and a handler that was waited for has put it aside because it failed on it, or on an earlier event of its sequence. */
export class CommittedButParkedError extends WritError<'committed-but-parked'> {
  constructor(
    readonly position: number,
    /** The subscriptions that have parked it. */
    readonly handlers: readonly string[],
  ) {
    super(
      'committed-but-parked',
      `Position ${position} is stored, and parked by ${handlers.join(', ')}: it will be handled when it is tried again, by itself or by someone's decision. ` +
        'The command needs no repetition, and waiting on is of no use; see what is parked, and why.',
    )
  }
}

/** A handler waits for itself: it can't go on before it is done. */
export class WaitsForItselfError extends WritError<'waits-for-itself'> {
  constructor(
    readonly subscription: string,
    /** The position of the event that it is handling. */
    readonly position: number,
    /** Through whom: those that it waits for, each of which waits for the next, and the last one for it; empty when it names itself. */
    readonly through: readonly string[] = [],
  ) {
    const way = through.length === 0 ? 'itself' : `${through.join(', which waits for ')}, which waits for '${subscription}'`
    super(
      'waits-for-itself',
      `'${subscription}', while it handles the event at position ${position}, waits for ${way}: it would wait forever. ` +
        'Dispatch with eventual consistency there, or name the handlers to wait for.',
    )
  }
}

/** There is no subscription of the name that was waited for. */
export class UnknownHandlerError extends WritError<'unknown-handler'> {
  constructor(
    readonly handler: string,
    known: readonly string[],
  ) {
    const nearest = nearestName(handler, known)
    super(
      'unknown-handler',
      `No event handler or projection is called '${handler}'${nearest ? `; '${nearest}' may be meant` : ''}. ` +
        (known.length > 0
          ? `Known are ${known.join(', ')}.`
          : "None is listed: name its class in a module's `eventHandlers` or `projections`."),
    )
  }
}
