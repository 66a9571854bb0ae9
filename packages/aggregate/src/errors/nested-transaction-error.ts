import { WritError } from '@writ/event-store'

/** Whoever holds a transaction has begun another one beside it. Nothing was done. */
export class NestedTransactionError extends WritError<'nested-transaction'> {
  constructor(
    /** That of the command whose handler holds one; undefined where the work of a transaction does. */
    readonly outer: string | undefined,
  ) {
    super(
      'nested-transaction',
      `${outer === undefined ? 'The work of a transaction' : `The handler of a command to '${outer}', which decides in a transaction,`} has begun another ` +
        'one beside it. The inner could wait for a row or a connection of the outer, which waits for the inner, for ever. Nothing was done. ' +
        'Do all of it in one transaction, or one after the other.',
    )
  }
}
