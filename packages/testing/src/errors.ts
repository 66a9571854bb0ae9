import { WritError } from '@writ/event-store'

/** What a test expected is not so; the message shows the difference. */
export class ExpectationFailedError extends WritError<'expectation-failed'> {
  constructor(message: string, options?: ErrorOptions) {
    super('expectation-failed', message, options)
  }
}

/** Time was to pass, and something that really takes time does not end. */
export class TimeStandsStillError extends WritError<'time-stands-still'> {
  constructor(held: number, milliseconds: number) {
    super(
      'time-stands-still',
      `The virtual time could not go on: ${held} thing${held === 1 ? '' : 's'} that hold${held === 1 ? 's' : ''} it took more than ` +
        `${milliseconds} ms. Perhaps one of them sleeps, and so waits for the time that waits for it, such as a projection's handler.`,
    )
  }
}

/** The tests are to run on a store that is not there. */
export class TestStoreUnavailableError extends WritError<'test-store-unavailable'> {
  constructor(message: string, cause?: unknown) {
    super('test-store-unavailable', message, cause === undefined ? undefined : { cause })
  }
}
