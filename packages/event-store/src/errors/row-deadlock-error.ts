import { WritError } from './writ-error.js'

/** Two transactions wait for each other's rows; this one gave way. Nothing was written. */
export class RowDeadlockError extends WritError<'row-deadlock'> {
  constructor(
    /** The row that could not be locked. */
    readonly row: string,
  ) {
    super(
      'row-deadlock',
      `The row ${row} can't be locked: whoever holds it waits for this transaction. Nothing was written; repeat it, and lock rows in one order everywhere.`,
    )
  }
}
