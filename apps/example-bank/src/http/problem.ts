import { STATUS_CODES } from 'node:http'
import type { CommandTimeoutError } from '@writ/aggregate'
import {
  DomainError,
  hasCode,
  type InvalidMessageError,
  type Logger,
  type StoreUnavailableError,
  type ValueNotStorableError,
} from '@writ/event-store'

interface ProblemOptions {
  /** More members of the problem, beside those that RFC 9457 names. */
  readonly facts?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** What went wrong, as HTTP says it: `application/problem+json` (RFC 9457) with a `code` for programs. */
export class Problem extends Error {
  override readonly name = 'Problem'

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    private readonly options: ProblemOptions = {},
  ) {
    super(detail)
  }

  toResponse(): Response {
    const { status, code, detail, options } = this
    const body = { type: 'about:blank', title: STATUS_CODES[status], status, code, detail, ...options.facts }
    return new Response(JSON.stringify(body), {
      status,
      headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...options.headers },
    })
  }
}

export function notFound(detail: string): Problem {
  return new Problem(404, 'not-found', detail)
}

export function forbidden(detail: string): Problem {
  return new Problem(403, 'forbidden', detail)
}

/** The domain knows no HTTP: its refusals are conflicts with what is, but for these. */
const statusOfRefusal: Readonly<Record<string, number>> = {
  'wrong-credentials': 401,
  'wrong-verification-code': 400,
  'transfer-to-itself': 422,
}

/** Too much is asked at once, or the bank is stopping; in either case nothing was stored. */
const busy = ['overloaded', 'too-many-conflicts', 'too-many-passwords', 'stopped', 'application-not-running', 'store-not-running']

/** Any error → the problem that a client is told. Whatever is not known here is the bank's own fault, and stays in its log. */
export function problemOf(error: unknown, logger: Logger): Problem {
  if (error instanceof Problem) return error
  // From the receipt of a repeated command it has the same code, message and facts, so the reply is the same, too.
  if (DomainError.is(error))
    return new Problem(statusOfRefusal[error.code] ?? 409, error.code, error.message, { facts: error.facts })
  if (hasCode(error, 'command-id-reused')) {
    return new Problem(
      422,
      'idempotency-key-reused',
      'This Idempotency-Key came with another body before. Take a new key for a new request.',
    )
  }
  if (hasCode<InvalidMessageError & { code: 'invalid-command' }>(error, 'invalid-command')) return invalidBody(error.issues)
  if (hasCode<ValueNotStorableError>(error, 'value-not-storable'))
    return invalidBody([{ path: error.path, message: `is ${error.what}` }])
  if (hasCode(error, 'invalid-position-token')) {
    return new Problem(400, 'invalid-position', 'Writ-Wait-For takes what an answer carried as Writ-Position.')
  }
  if (hasCode(error, 'stale-position-token')) {
    return new Problem(
      410,
      'stale-position',
      'The bank was restored since it answered with this Writ-Position. Read what is there, without it.',
    )
  }
  if (hasCode(error, 'committed-but-parked')) {
    return new Problem(
      503,
      'set-aside',
      'What happened at this position is stored, and can not be shown before someone has looked at it.',
    )
  }
  if (hasCode(error, 'committed-not-yet-visible')) {
    return retryLater('not-yet-visible', 'What happened up to this position is not to be seen yet. Ask again.')
  }
  if (hasCode(error, 'read-model-not-ready')) {
    return retryLater(
      'read-model-not-ready',
      'What was asked for is being made anew from the log, and can not be read here yet. Ask again.',
    )
  }
  if (hasCode<StoreUnavailableError>(error, 'store-unavailable'))
    return retryLater('store-unavailable', whetherStored(error.mayBeCommitted))
  if (hasCode<CommandTimeoutError>(error, 'command-timeout')) {
    return error.mayBeCommitted
      ? new Problem(504, 'timed-out', whetherStored(true))
      : retryLater('timed-out', whetherStored(false))
  }
  if (busy.some((code) => hasCode(error, code))) return retryLater('overloaded', whetherStored(false))
  logger.error({ error }, 'a request failed')
  return new Problem(
    500,
    'internal-error',
    'The bank made a mistake. Nothing is known to be stored; repeat the request with the same Idempotency-Key.',
  )
}

export function invalidBody(issues: readonly { readonly path: string; readonly message: string }[]): Problem {
  return new Problem(400, 'invalid-body', 'The body does not fit; see `issues`.', { facts: { issues } })
}

function retryLater(code: string, detail: string): Problem {
  return new Problem(503, code, detail, { headers: { 'Retry-After': '1' } })
}

function whetherStored(maybe: boolean): string {
  return maybe
    ? 'What was asked may have been stored all the same: repeat it with the same Idempotency-Key to learn what came of it.'
    : 'Nothing was stored. Ask again in a moment, with the same Idempotency-Key.'
}
