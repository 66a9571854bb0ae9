import { randomUUID } from 'node:crypto'
import type { Application } from '@writ/application'
import { Hono } from 'hono'
import { Idempotency } from '../http/idempotency.js'
import { readJson } from '../http/json-body.js'
import { answerAt } from '../http/positions.js'
import { forbidden, notFound } from '../http/problem.js'
import { accountOf } from '../session/authenticate.js'
import { SessionTokens } from '../session/session-tokens.js'
import { RequestTransfer } from './transfer.commands.js'
import { Transfer } from './transfer.js'
import { TransferRequest } from './transfer.operations.js'
import { TransferId } from './transfer-id.js'

export function transferRoutes(bank: Application): Hono {
  const idempotency = bank.get(Idempotency)
  const tokens = bank.get(SessionTokens)

  return (
    new Hono()
      .post('/', async (c) => {
        const account = await accountOf(c, tokens)
        const request = await readJson(c, TransferRequest)
        if (request.from !== account) throw forbidden('Money leaves an account only by its owner: `from` is not yours.')
        const { result, position } = await bank.dispatch(new RequestTransfer({ transfer: randomUUID(), ...request }), {
          ...idempotency.of(c, `request-transfer:${account}`, request),
          actor: account,
        })
        return answerAt(c, bank, position, result, 202)
      })

      // From the transfer itself, and not from a read model: what it says is what is stored, and nobody has to wait for it.
      .get('/:transfer', async (c) => {
        const account = await accountOf(c, tokens)
        const id = TransferId.safeParse(c.req.param('transfer')).data
        const { state, position } = id === undefined ? nothing : await bank.stateOf(Transfer, id)
        const { from, to, amount, status, reason } = state
        if (status === 'absent') throw notFound('There is no such transfer.')
        if (account !== from && account !== to) throw forbidden('This transfer is neither from your account nor to it.')
        return answerAt(c, bank, position, { transfer: id, from, to, amount, status, ...(reason !== undefined && { reason }) })
      })
  )
}

const nothing = { state: new Transfer(), position: 0 }
