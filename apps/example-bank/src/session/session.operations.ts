import { z } from 'zod'
import type { Operation } from '../http/openapi.js'

export const Login = z.strictObject({ account: z.string().max(200), password: z.string().max(200) })

export const sessionOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/api/sessions',
    tag: 'sessions',
    summary: 'Answers the token that most other requests want.',
    headers: ['Idempotency-Key'],
    body: { schema: Login, example: { account: '1234567890', password: 'correct horse' } },
    answer: { status: 201, schema: z.strictObject({ token: z.jwt() }) },
    problems: [400, 401, 422, 429, 503],
  },
]
