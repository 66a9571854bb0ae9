import { WritError } from '@writ/event-store'

/** A partition of a subscription has parked as many events as it may: something is wrong that is not about single events. */
export class TooManyParkedEventsError extends WritError<'too-many-parked-events'> {
  constructor(
    readonly subscription: string,
    /** How many are parked. */
    readonly parked: number,
    readonly most: number,
    readonly where: { readonly partition: number; readonly partitions: number },
  ) {
    super(
      'too-many-parked-events',
      `'${subscription}'${where.partitions > 1 ? `, partition ${where.partition},` : ''} has parked ${parked} events and may park ${most}: its handler fails for more than single events, or nobody looks after them. ` +
        'It stops before the next one. Mend the handler, retry or discard what is parked, and start it again.',
    )
  }
}

/** What someone decided on parked events stands, and was not carried out yet: the handler is busy, or runs nowhere at the moment. */
export class DecisionPendingError extends WritError<'decision-pending'> {
  constructor(
    readonly subscription: string,
    readonly decision: 'retry' | 'discard',
    /** How many events it still concerns. */
    readonly events: number,
    milliseconds: number,
  ) {
    super(
      'decision-pending',
      `The decision to ${decision} stands, and ${milliseconds} ms were not enough for '${subscription}' to carry it out for ${events} parked events. ` +
        'It need not be repeated; see whether the handler runs.',
    )
  }
}
