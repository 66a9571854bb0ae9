import type { Context, MiddlewareHandler } from 'hono'
import { forbidden, Problem } from '../http/problem.js'
import type { SessionTokens } from './session-tokens.js'

/**
 * Whose token a request carries.
 *
 * @throws Problem 401
 */
export async function accountOf(c: Context, tokens: SessionTokens): Promise<string> {
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(c.req.header('Authorization') ?? '') ?? []
  const account = token && (await tokens.accountOf(token))
  if (account) return account
  throw new Problem(
    401,
    'unauthenticated',
    'Send the token of a session as `Authorization: Bearer <token>`; POST /api/sessions gives one.',
    { headers: { 'WWW-Authenticate': 'Bearer' } },
  )
}

/** Lets only the owner of the account in the path pass. */
export function ownerOnly(tokens: SessionTokens): MiddlewareHandler {
  return async (c, next) => {
    if ((await accountOf(c, tokens)) !== c.req.param('account')) throw forbidden('This account is not yours.')
    await next()
  }
}
