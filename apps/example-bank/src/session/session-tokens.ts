import { jwtVerify, SignJWT } from 'jose'
import type { Clock } from '../clock.js'

export interface SessionClaims {
  readonly session: string
  readonly account: string
  /** Seconds since 1970. */
  readonly issuedAt: number
}

const ISSUER = 'writ-example-bank'
const LIFETIME = 12 * 60 * 60

/** Signs and reads the tokens of sessions: HS256, so the same claims give the same token under the same key. */
export class SessionTokens {
  constructor(
    private readonly key: Uint8Array,
    private readonly clock: Clock,
  ) {}

  sign({ session, account, issuedAt }: SessionClaims): Promise<string> {
    return new SignJWT()
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(ISSUER)
      .setSubject(account)
      .setJti(session)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFETIME)
      .sign(this.key)
  }

  /** @returns the account that the token was given to; undefined for one that is forged, altered or out of date */
  async accountOf(token: string): Promise<string | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: ['HS256'],
        issuer: ISSUER,
        currentDate: new Date(this.clock.now()),
        requiredClaims: ['sub', 'exp'],
      })
      return payload.sub
    } catch {
      return undefined
    }
  }
}
