import type { Application } from '@writ/application'
import type { Context, MiddlewareHandler } from 'hono'
import { Problem } from './problem.js'

/** Answers with the position that whoever wants to see what was done can wait for. */
export function answerAt(c: Context, position: number, body: object, status: 200 | 201 | 202 = 200): Response {
  return c.json(body, status, { 'Writ-Position': String(position), 'Cache-Control': 'no-store' })
}

/** Holds a read back until these handlers have come to the position that `Writ-Wait-For` names; 5 s at most. */
export function visible(bank: Application, handlers: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const wanted = c.req.header('Writ-Wait-For')
    if (wanted !== undefined) {
      const position = /^\d{1,16}$/.test(wanted) ? Number(wanted) : Number.NaN
      if (!Number.isSafeInteger(position)) {
        throw new Problem(400, 'invalid-position', 'Writ-Wait-For takes the position that an answer carried as Writ-Position.')
      }
      await bank.waitFor(position, { handlers, timeout: 5_000 })
    }
    await next()
  }
}
