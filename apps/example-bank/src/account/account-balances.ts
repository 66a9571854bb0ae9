export interface AccountBalance {
  readonly account: string
  readonly owner: string
  readonly status: 'unverified' | 'verified'
  /** Cents. */
  readonly balance: number
  /** The account's own version: how many events have happened to it. */
  readonly version: number
  /** The position of the last of them. */
  readonly position: number
}

/** The read model that a projection keeps: as new as its checkpoint. */
export abstract class AccountBalances {
  abstract find(account: string): Promise<AccountBalance | undefined>
}

/** The projection's name, on every store; readers wait for it by name. */
export const ACCOUNT_BALANCES = 'account-balances'
