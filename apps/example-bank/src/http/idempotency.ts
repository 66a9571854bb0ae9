import { createHmac } from 'node:crypto'
import type { Context } from 'hono'
import { Problem } from './problem.js'

export interface Once {
  readonly idempotencyKey?: string
  readonly fingerprint?: string
}

/** Turns the `Idempotency-Key` of a request into what a dispatch needs to answer every repetition with the first reply. */
export class Idempotency {
  constructor(private readonly key: Uint8Array) {}

  /**
   * @param operation what is asked, and by whom: the same key for something else is another one
   * @param body as it was parsed: spaces, and the order of keys, make no other body
   * @returns nothing for a request without a key: it takes effect each time that it is sent
   */
  of(c: Context, operation: string, body: Readonly<Record<string, string | number>>): Once {
    const key = c.req.header('Idempotency-Key')
    if (key === undefined) return {}
    if (!/^[\x20-\x7e]{1,200}$/.test(key)) {
      throw new Problem(400, 'invalid-idempotency-key', 'An Idempotency-Key is 1 to 200 printable ASCII characters.')
    }
    return { idempotencyKey: `${operation}:${key}`, fingerprint: this.fingerprint(body) }
  }

  // Keyed, because a body may hold a password: whoever reads the receipts can't test guesses.
  private fingerprint(body: Readonly<Record<string, string | number>>): string {
    const canonical = JSON.stringify(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1)))
    return createHmac('sha256', this.key).update(canonical).digest('base64url')
  }
}
