import { z } from 'zod'

/** What one movement may be: whole cents, from one cent to a million dollars. */
export const Amount = z.int().min(1).max(100_000_000)

/** Ten billion dollars: whatever is added up stays far below 2^53, where integers begin to lose digits. */
export const GREATEST_BALANCE = 1_000_000_000_000

/** Whole cents that lie in an account: a refund may lift it above the greatest balance that deposits reach. */
export const Balance = z.int().min(0)

/** What the bank gives to whoever opens an account: $1,000. */
export const OPENING_GIFT = 100_000

/** `5000` → `$50.00` */
export function dollars(cents: number): string {
  return (cents / 100).toLocaleString('en-US', { style: 'currency', currency: 'USD' })
}
