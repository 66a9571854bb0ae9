import { randomUUID } from 'node:crypto'
import type { Application } from '@writ/application'
import { Hono } from 'hono'
import { Idempotency } from '../http/idempotency.js'
import { readJson } from '../http/json-body.js'
import { answerAt } from '../http/positions.js'
import { StartSession } from './session.commands.js'
import { Login } from './session.operations.js'
import { SessionTokens } from './session-tokens.js'
import { SignInAttempts } from './sign-in-attempts.js'

export function sessionRoutes(bank: Application): Hono {
  const tokens = bank.get(SessionTokens)
  const idempotency = bank.get(Idempotency)
  const attempts = bank.get(SignInAttempts)

  return new Hono().post('/', async (c) => {
    const login = await readJson(c, Login)
    const options = idempotency.of(c, 'start-session', login)
    const { result, position } = await attempts.of(login.account, () =>
      bank.dispatch(new StartSession({ session: randomUUID(), ...login }), options),
    )
    return answerAt(c, bank, position, { token: await tokens.sign(result) }, 201)
  })
}
