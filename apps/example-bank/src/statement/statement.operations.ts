import { z } from 'zod'
import { AccountNumber } from '../account/account-number.js'
import type { Operation } from '../http/openapi.js'
import { digits } from '../http/query.js'
import { Entry } from './entry.js'

/** The version behind which a statement begins. */
export const After = digits(0, Number.MAX_SAFE_INTEGER)
export const PageQuery = z.strictObject({ after: After.optional(), limit: digits(1, 1_000).optional() })

const Statement = z.strictObject({
  entries: z.array(Entry),
  next: z.string().optional().meta({ description: 'The address of the next page; missing on the last.' }),
})

export const statementOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/accounts/{account}/statement',
    tag: 'accounts',
    summary:
      'All movements, the oldest first, in pages; as an event stream, live: each event is one entry, and its id is the version.',
    secured: true,
    names: { account: AccountNumber },
    query: PageQuery,
    headers: ['Last-Event-ID'],
    answer: { status: 200, schema: Statement, others: ['text/event-stream'] },
    problems: [400, 401, 403, 404, 503],
  },
]
