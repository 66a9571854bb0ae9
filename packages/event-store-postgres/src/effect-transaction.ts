import { StoreUnavailableError } from '@writ/event-store'
import type pg from 'pg'
import type { Connections, Row } from './connections.js'
import { failureOf, isStatementStale, translated } from './postgres-failure.js'
import { type SqlTransaction, transactionSql } from './sql.js'

/** One snapshot for all statements. */
export const READ_ONLY = 'repeatable read read only'

export interface EffectSteps<T> {
  /** For errors. */
  readonly operation: string
  readonly isolation?: 'read committed' | typeof READ_ONLY
  /** A statement that goes with the message that begins the transaction. Texts in it are literals, made by the function that is given. */
  readonly first: (literal: (text: string) => string) => string
  /** Looks at its rows; what it throws comes out, after a rollback. */
  readonly look: (rows: readonly Row[]) => void
  readonly effect: (transaction: SqlTransaction) => Promise<T>
  /** More statements behind the effect. */
  readonly behindEffect?: (client: pg.PoolClient) => Promise<unknown>
  /** A statement that goes with the message that commits: when it fails, nothing is committed. */
  readonly last?: (literal: (text: string) => string) => string
}

export interface EffectTimeouts {
  /** Milliseconds. */
  readonly statementTimeout: number
  /** Milliseconds. */
  readonly lockTimeout: number
}

/** A transaction of the store around what others do in it: two round trips, and those of the effect. */
export async function effectTransaction<T>(
  connections: Connections,
  timeouts: EffectTimeouts,
  steps: EffectSteps<T>,
): Promise<T> {
  const { operation } = steps
  const client = await connections.checkOut(operation)
  const literal = (text: string) => client.escapeLiteral(text)
  let isCommitting = false
  let result: T
  try {
    const { isolation = 'read committed' } = steps
    // A holder that froze must not keep its locks from the next one for ever.
    const begun = await connections.runTogether(
      client,
      `begin isolation level ${isolation}; set local idle_in_transaction_session_timeout = ${timeouts.statementTimeout};
        set local lock_timeout = ${timeouts.lockTimeout}; ${steps.first(literal)}`,
    )
    steps.look(begun.at(-1)!)
    result = await carryOut(connections, client, steps.effect)
    await steps.behindEffect?.(client)
    isCommitting = true
    await connections.watched(client, () => client.query(`${steps.last ? `${steps.last(literal)};` : ''} commit`))
  } catch (error) {
    const isRolledBack = await rollBack(connections, client)
    connections.giveBack(client, error, !isRolledBack || isStatementStale(error instanceof EffectFailed ? error.error : error))
    // A write where nothing may be written is the effect's own mistake, and no sign of a server that was demoted.
    if (steps.isolation === READ_ONLY && isRolledBack && error instanceof EffectFailed && isWrite(error.error)) throw error.error
    throw failureOfTransaction(error, operation, isRolledBack, isCommitting)
  }
  connections.giveBack(client)
  return result
}

async function carryOut<T>(connections: Connections, client: pg.PoolClient, effect: EffectSteps<T>['effect']): Promise<T> {
  const { sql, end } = transactionSql(connections, client)
  try {
    return await effect({ sql, client })
  } catch (error) {
    throw new EffectFailed(error)
  } finally {
    end()
  }
}

async function rollBack(connections: Connections, client: pg.PoolClient): Promise<boolean> {
  try {
    await connections.watched(client, () => client.query('rollback'))
    return true
  } catch {
    // The connection is broken, and its server rolls back.
    return false
  }
}

class EffectFailed {
  constructor(readonly error: unknown) {}
}

const isWrite = (error: unknown) => failureOf(error).sqlState === '25006'

/** What the effect threw is its caller's to understand, unless the connection was lost under it or the server gave up. */
function failureOfTransaction(error: unknown, operation: string, isRolledBack: boolean, isCommitting: boolean): unknown {
  if (!(error instanceof EffectFailed)) return translated(error, operation, isCommitting)
  const cause = error.error
  const { kind, sqlState } = failureOf(cause)
  const isOurs = !isRolledBack || (sqlState !== '' && kind !== 'refused')
  return isOurs ? new StoreUnavailableError('postgres', operation, false, cause) : cause
}
