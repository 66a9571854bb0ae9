import type { MiddlewareHandler } from 'hono'
import { Problem } from '../http/problem.js'
import type { SessionTokens } from './session-tokens.js'

/** Lets only the owner of the account in the path pass. */
export function ownerOnly(tokens: SessionTokens): MiddlewareHandler {
  return async (c, next) => {
    const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(c.req.header('Authorization') ?? '') ?? []
    const account = token && (await tokens.accountOf(token))
    if (!account) {
      throw new Problem(
        401,
        'unauthenticated',
        'Send the token of a session as `Authorization: Bearer <token>`; POST /api/sessions gives one.',
        {
          headers: { 'WWW-Authenticate': 'Bearer' },
        },
      )
    }
    if (account !== c.req.param('account')) throw new Problem(403, 'forbidden', 'This account is not yours.')
    await next()
  }
}
