import { lookedAt, StoreUnavailableError, thrownCode, WritError } from '@writ/event-store'
import { PostgresRefusedError, TransactionPoolerError } from './errors.js'

/**
 * What a driver's error means, by its SQLSTATE alone.
 *
 * - `unknown`: the connection or the call was cut off; what was asked may have been done
 * - `transient`: nothing was done, and trying again may help
 * - `refused`: nothing was done, and trying again would not help
 */
export interface Failure {
  readonly kind: 'unknown' | 'transient' | 'refused'
  /** Empty where the error is not the server's. */
  readonly sqlState: string
}

export const LOCK_NOT_AVAILABLE = '55P03'

const transient = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  LOCK_NOT_AVAILABLE, // an append's locks are its first step
  '0A000', // a prepared statement whose table has changed; its connection is closed
  '26000', // a prepared statement that is gone; its connection is closed
  '25006', // read-only transaction: a standby, or a primary that was demoted
  '53300', // too many connections
  '57P03', // cannot connect now: starting up
])
// Cancelled or timed out (57014), shut down (57P0x), connection lost (08), out of disk or memory (53), I/O error (58), internal (XX):
// any of them may strike after the first commit.
const unknown = /^(57|08|53|58|XX)/

export function failureOf(error: unknown): Failure {
  const sqlState = sqlStateOf(error)
  if (sqlState === '' || (unknown.test(sqlState) && !transient.has(sqlState))) return { kind: 'unknown', sqlState }
  return { kind: transient.has(sqlState) ? 'transient' : 'refused', sqlState }
}

/** Whether the connection that the error came by is of no use for another statement. */
export function isConnectionBroken(error: unknown): boolean {
  const sqlState = sqlStateOf(error)
  return sqlState === '' || /^(08|57P|25006)/.test(sqlState) || isStatementStale(error)
}

/** A prepared statement that its connection can't run any more: a table has changed (0A000), or a pooler forgot it (26000). */
export function isStatementStale(error: unknown): boolean {
  return /^(0A000|26000)$/.test(sqlStateOf(error))
}

/** A driver's error → what the port promises; other errors as they are. */
export function translated(error: unknown, operation: string, mayBeCommitted: boolean): unknown {
  if (error instanceof WritError) return error
  const { kind, sqlState } = failureOf(error)
  if (sqlState === '42P05') return new TransactionPoolerError('a session has statements that it did not prepare', error)
  if (kind === 'refused') return new PostgresRefusedError(operation, sqlState, error)
  return new StoreUnavailableError('postgres', operation, mayBeCommitted && kind === 'unknown', error)
}

// The server's errors have a severity beside the code; a socket's have a code too, such as ECONNRESET. What the user's work throws may
// throw when it is looked at.
function sqlStateOf(error: unknown): string {
  const severity = lookedAt(() => (error as { readonly severity?: unknown } | null | undefined)?.severity)
  return typeof severity === 'string' ? (thrownCode(error) ?? '') : ''
}
