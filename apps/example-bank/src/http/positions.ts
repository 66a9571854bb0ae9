import type { Application } from '@writ/application'
import type { Context, MiddlewareHandler } from 'hono'

/** Answers with a token of the position that whoever wants to see what was done can wait for. */
export function answerAt(c: Context, bank: Application, position: number, body: object, status: 200 | 201 | 202 = 200): Response {
  return c.json(body, status, { 'Writ-Position': bank.positionToken(position), 'Cache-Control': 'no-store' })
}

/** Holds a read back until these handlers have come to the position that `Writ-Wait-For` names, by its token or bare; 5 s at most. */
export function visible(bank: Application, handlers: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const wanted = c.req.header('Writ-Wait-For')
    if (wanted !== undefined) {
      const position = /^\d{1,15}$/.test(wanted) ? Number(wanted) : wanted
      await bank.waitFor(position, { handlers, timeout: 5_000 })
    }
    await next()
  }
}
