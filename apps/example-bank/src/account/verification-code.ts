import { randomBytes } from 'node:crypto'
import { z } from 'zod'

export const VerificationCode = z.string().regex(/^[0-9a-f]{32}$/, 'expected a verification code')

/** Draws the codes that links in mails carry: 128 random bits, so that nobody guesses one. */
export class VerificationCodes {
  next(): string {
    return randomBytes(16).toString('hex')
  }
}
