import { randomUUID } from 'node:crypto'

// Types, not interfaces: only those have the index signature that Emmett asks of data.

/** An account's first event. */
export type Opening = {
  readonly account: string
  readonly owner: string
  readonly balance: number
}

/** What goes into an account, or out of it. */
export type MoneyInOrOut = {
  readonly account: string
  readonly amount: number
  readonly currency: string
  readonly transfer: string
}

/** Enough for every transfer that a benchmark could take from one account. */
export const opening = (account: string): Opening => ({ account, owner: 'Owner One', balance: 1_000_000_000 })

/** As the event of `append`, so that both store the same. */
export const depositTo = (account: string): MoneyInOrOut => ({ account, amount: 125, currency: 'EUR', transfer: randomUUID() })
