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
