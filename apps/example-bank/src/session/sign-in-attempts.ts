import { hasCode } from '@writ/event-store'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { Problem } from '../http/problem.js'

/** So many wrong passwords may be tried on an account … */
const MOST = 10
/** … in so many seconds, from the first of them on. */
const WITHIN = 60

/**
 * Holds up whoever guesses passwords: 14,400 a day of one account, in each process, are too few for any that is not the name of a pet.
 *
 * Counted here and not stored: a guess is nothing that has happened to an account. Attempts that come at once are let in until the first of
 * them is found to be wrong; how many that can be, the hasher's queue says.
 */
export class SignInAttempts {
  private readonly wrong = new RateLimiterMemory({ points: MOST, duration: WITHIN })

  /** @throws Problem 429 where too many were wrong; whatever signing in throws */
  async of<T>(account: string, signIn: () => Promise<T>): Promise<T> {
    const tried = await this.wrong.get(account)
    if (tried && tried.consumedPoints >= MOST) {
      throw new Problem(429, 'too-many-attempts', 'Too many wrong passwords were tried on this account. Wait, and try again.', {
        headers: { 'Retry-After': String(Math.ceil(tried.msBeforeNext / 1_000)) },
      })
    }
    try {
      const session = await signIn()
      await this.wrong.delete(account)
      return session
    } catch (error) {
      if (hasCode(error, 'wrong-credentials')) await this.wrong.penalty(account)
      throw error
    }
  }
}
