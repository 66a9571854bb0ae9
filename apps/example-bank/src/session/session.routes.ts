import { randomUUID } from 'node:crypto'
import type { Application } from '@writ/application'
import { Hono } from 'hono'
import { Idempotency } from '../http/idempotency.js'
import { readJson } from '../http/json-body.js'
import { answerAt } from '../http/positions.js'
import { StartSession } from './session.commands.js'
import { Login } from './session.operations.js'
import { SessionTokens } from './session-tokens.js'

export function sessionRoutes(bank: Application): Hono {
  const tokens = bank.get(SessionTokens)
  const idempotency = bank.get(Idempotency)

  return new Hono().post('/', async (c) => {
    const login = await readJson(c, Login)
    const { result, position } = await bank.dispatch(
      new StartSession({ session: randomUUID(), ...login }),
      idempotency.of(c, 'start-session', login),
    )
    return answerAt(c, bank, position, { token: await tokens.sign(result) }, 201)
  })
}
