import { WritError } from '@writ/event-store'

/** A subscription has finished events that the log does not have: the log was restored from a backup, or is another one. */
export class CheckpointAheadOfLogError extends WritError<'checkpoint-ahead-of-log'> {
  constructor(
    readonly subscription: string,
    readonly checkpoint: number,
    /** The log's last position. */
    readonly head: number,
  ) {
    super(
      'checkpoint-ahead-of-log',
      `The checkpoint of '${subscription}' is at ${checkpoint}, and the log ends at ${head}: the log seems to have been restored from a backup. ` +
        'To go on would skip whatever is appended next. Restore the checkpoints and read models of the same backup, or give the subscription a new name.',
    )
  }
}

/** An error policy answered with something that is no verdict. */
export class InvalidVerdictError extends WritError<'invalid-verdict'> {
  constructor(
    readonly subscription: string,
    cause: unknown,
  ) {
    super(
      'invalid-verdict',
      `The error policy of '${subscription}' did not answer 'stop', 'skip', 'park', { retryIn: milliseconds from 0 } or { retryLater: milliseconds from 0 }. The failure that it was asked about is the cause.`,
      { cause },
    )
  }
}

/** Subscriptions can only be changed while they don't run. */
export class SubscriptionsRunningError extends WritError<'subscriptions-running'> {
  constructor(operation: string) {
    super('subscriptions-running', `The subscriptions have been started, so it is too late to ${operation}.`)
  }
}

/** Nothing can be asked of subscriptions that have not been started. */
export class SubscriptionsNotRunningError extends WritError<'subscriptions-not-running'> {
  constructor(operation: string) {
    super('subscriptions-not-running', `The subscriptions have not been started, so they can't ${operation}. Call start() first.`)
  }
}

/** A subscription was deleted while it was defined here: it stops, for its next event would come from the beginning. */
export class SubscriptionDeletedError extends WritError<'subscription-deleted'> {
  constructor(readonly subscription: string) {
    super(
      'subscription-deleted',
      `The subscription '${subscription}' was deleted, and handles nothing until the application is started again; then it begins anew, as its 'startFrom' says.`,
    )
  }
}

/** A subscription that is at work can't be deleted. */
export class SubscriptionInUseError extends WritError<'subscription-in-use'> {
  constructor(
    readonly subscription: string,
    /** Who holds a lease of it; none where it is defined here and rests. */
    readonly heldBy: readonly string[],
  ) {
    super(
      'subscription-in-use',
      `The subscription '${subscription}' can't be deleted while it is in use${heldBy.length > 0 ? ` by ${heldBy.join(', ')}` : ' here'}. ` +
        'Pause it first, or stop the processes that define it.',
    )
  }
}

/** A subscription can't be sent where it was told to. */
export class InvalidResetError extends WritError<'invalid-reset'> {
  constructor(
    readonly subscription: string,
    readonly why: string,
  ) {
    super('invalid-reset', `The subscription '${subscription}' can't be reset: ${why}.`)
  }
}
