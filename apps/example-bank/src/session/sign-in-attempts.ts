import { hasCode } from '@writ/event-store'
import type { Clock } from '../clock.js'
import { Problem } from '../http/problem.js'

/** So many wrong passwords may be tried on an account … */
const MOST = 10
/** … in so many milliseconds, from the first of them on. */
const WITHIN = 60_000
/** Of so many accounts it is known; those that were tried first are forgotten first. */
const REMEMBERED = 10_000

interface Tried {
  readonly since: number
  readonly wrong: number
}

/**
 * Holds up whoever guesses passwords: 14,400 a day of one account, in each process, are too few for any that is not the name of a pet.
 *
 * Counted here and not stored: a guess is nothing that has happened to an account. Attempts that come at once are let in until the first of
 * them is found to be wrong; how many that can be, the hasher's queue says.
 */
export class SignInAttempts {
  private readonly tried = new Map<string, Tried>()

  constructor(private readonly clock: Clock) {}

  /** @throws Problem 429 where too many were wrong; whatever signing in throws */
  async of<T>(account: string, signIn: () => Promise<T>): Promise<T> {
    const wait = this.waitFor(account)
    if (wait > 0) {
      throw new Problem(429, 'too-many-attempts', 'Too many wrong passwords were tried on this account. Wait, and try again.', {
        headers: { 'Retry-After': String(Math.ceil(wait / 1_000)) },
      })
    }
    try {
      const session = await signIn()
      this.tried.delete(account)
      return session
    } catch (error) {
      if (hasCode(error, 'wrong-credentials')) this.note(account)
      throw error
    }
  }

  private waitFor(account: string): number {
    const { since = 0, wrong = 0 } = this.tried.get(account) ?? {}
    return wrong < MOST ? 0 : since + WITHIN - this.clock.now()
  }

  private note(account: string): void {
    const now = this.clock.now()
    const known = this.tried.get(account)
    const counts = known !== undefined && now < known.since + WITHIN
    if (!counts) this.tried.delete(account)
    this.tried.set(account, counts ? { since: known.since, wrong: known.wrong + 1 } : { since: now, wrong: 1 })
    if (this.tried.size <= REMEMBERED) return
    for (const oldest of this.tried.keys()) {
      this.tried.delete(oldest)
      break
    }
  }
}
