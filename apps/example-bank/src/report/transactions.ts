export interface TransactionTotal {
  /** Cents. */
  readonly sum: number
  readonly count: number
}

/**
 * How much has left accounts, by the UTC day on which it did: withdrawals at the counter and by transfers.
 *
 * A transfer counts once, when its money is withdrawn; so a refused one never does. One that is refunded later still does: what has been
 * reported of a day never changes.
 */
export abstract class Transactions {
  /** @param first the first of the days, and `last` the last one, as in `2026-11-21` */
  abstract between(first: string, last: string): Promise<TransactionTotal>
}

export const TRANSACTIONS = 'transactions'
