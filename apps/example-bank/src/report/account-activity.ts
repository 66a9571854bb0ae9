/** When money last moved in each account. Its opening is a movement, for it brings the bank's gift; a verification is none. */
export abstract class AccountActivity {
  /** How many accounts have had no movement since then. */
  abstract inactiveSince(time: Date): Promise<number>
}

export const ACCOUNT_ACTIVITY = 'account-activity'
