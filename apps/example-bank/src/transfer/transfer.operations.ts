import { z } from 'zod'
import { AccountNumber } from '../account/account-number.js'
import { Amount } from '../account/money.js'
import type { Operation } from '../http/openapi.js'
import { TransferId } from './transfer-id.js'

export const TransferRequest = z.strictObject({ from: AccountNumber, to: AccountNumber, amount: Amount })

const TransferRead = z.strictObject({
  transfer: TransferId,
  ...TransferRequest.shape,
  status: z.enum(['requested', 'completed', 'refused', 'refunded']),
  reason: z.string().optional(),
})

export const transferOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/api/transfers',
    tag: 'transfers',
    summary: 'Requests a transfer from your account; it goes on by itself.',
    secured: true,
    headers: ['Idempotency-Key'],
    body: { schema: TransferRequest, example: { from: '1234567890', to: '9876543210', amount: 1_500 } },
    answer: { status: 202, schema: z.strictObject({ transfer: TransferId }) },
    problems: [400, 401, 403, 422, 503],
  },
  {
    method: 'get',
    path: '/api/transfers/{transfer}',
    tag: 'transfers',
    summary: 'What a transfer from or to your account has come to.',
    secured: true,
    names: { transfer: TransferId },
    answer: { status: 200, schema: TransferRead },
    problems: [401, 403, 404, 503],
  },
]
