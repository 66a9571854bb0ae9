import { randomInt } from 'node:crypto'
import { z } from 'zod'

/** Ten digits, the first of them not 0, so that no spreadsheet shortens it. */
export const AccountNumber = z.string().regex(/^[1-9]\d{9}$/, 'expected an account number: ten digits')

/** Draws account numbers; injected, so that a test can say what comes. */
export class AccountNumbers {
  next(): string {
    return String(randomInt(1_000_000_000, 10_000_000_000))
  }
}
