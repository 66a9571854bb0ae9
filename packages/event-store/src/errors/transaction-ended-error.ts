import { WritError } from './writ-error.js'

/** What belongs to a transaction was used after the transaction had ended. Nothing was done. */
export class TransactionEndedError extends WritError<'transaction-ended'> {
  constructor(
    /** `sql` or `append`. */
    readonly used: string,
  ) {
    super(
      'transaction-ended',
      `This transaction has ended, and its ${used} did nothing. Await everything before the work or effect returns.`,
    )
  }
}
