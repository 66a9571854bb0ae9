import { z } from 'zod'

/** At most 250 characters, because the tag that boundaries find it by may have 256. */
export const EmailAddress = z.email().max(250)

/**
 * What an account is found by to keep one per e-mail. Letter case does not make another address.
 *
 * Plain and not hashed: the event that carries the tag holds the address anyway, and addresses are too easy to guess for a hash to hide.
 */
export function emailTag(email: string): string {
  return `email:${email.toLowerCase()}`
}
