import { z } from 'zod'
import { Password } from '../credentials/password.js'
import type { Operation } from '../http/openapi.js'
import { AccountNumber } from './account-number.js'
import { EmailAddress } from './email-address.js'
import { At } from './moment.js'
import { Amount, Balance } from './money.js'
import { Owner } from './owner.js'

export const Opening = z.strictObject({ email: EmailAddress, password: Password, owner: Owner })
export const Movement = z.strictObject({ amount: Amount })
export const Reading = z.strictObject({ at: At.optional() })

const Verification = z.strictObject({ account: AccountNumber, code: z.string().max(200) })
const Opened = z.strictObject({ account: AccountNumber, status: z.literal('unverified'), balance: Balance })
const Verified = z.strictObject({ account: AccountNumber, status: z.literal('verified') })
const Version = z.int().min(1)
const Read = z.strictObject({
  account: AccountNumber,
  owner: Owner,
  status: z.enum(['unverified', 'verified']),
  balance: Balance,
  version: Version,
})
const Moved = z.strictObject({ balance: Balance, version: Version, position: z.int().min(1) })

const tag = 'accounts'
const names = { account: AccountNumber }
const movement = { method: 'post', tag, secured: true, names, headers: ['Idempotency-Key'] } as const

export const accountOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/api/accounts',
    tag,
    summary: "Opens an account with the bank's gift of $1,000; one per e-mail.",
    headers: ['Idempotency-Key'],
    body: { schema: Opening, example: { email: 'owner@example.com', password: 'correct horse', owner: 'Owner One' } },
    answer: { status: 201, schema: Opened },
    problems: [400, 409, 422, 503],
  },
  {
    method: 'get',
    path: '/api/accounts/verify',
    tag,
    summary: 'The link in the mail.',
    query: Verification,
    answer: { status: 200, schema: Verified },
    problems: [400, 409, 503],
  },
  {
    method: 'get',
    path: '/api/accounts/{account}',
    tag,
    summary: 'Owner, status, balance and version; with `at`, as of then.',
    secured: true,
    names,
    query: Reading,
    headers: ['Writ-Wait-For'],
    answer: { status: 200, schema: Read },
    problems: [400, 401, 403, 404, 503],
  },
  {
    ...movement,
    path: '/api/accounts/{account}/deposits',
    summary: 'Deposits money.',
    body: { schema: Movement, example: { amount: 2_500 } },
    answer: { status: 200, schema: Moved },
    problems: [400, 401, 403, 409, 422, 503],
  },
  {
    ...movement,
    path: '/api/accounts/{account}/withdrawals',
    summary: 'Withdraws money, and mails it.',
    body: { schema: Movement, example: { amount: 5_000 } },
    answer: { status: 200, schema: Moved },
    problems: [400, 401, 403, 409, 422, 503],
  },
]
