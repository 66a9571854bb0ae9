import {
  type Append,
  type Appended,
  CollectedAppends,
  type Committed,
  lookedAt,
  type Runtime,
  StoreUnavailableError,
  WritError,
} from '@writ/event-store'
import type pg from 'pg'
import { lockTimedOut } from '../append/answer.js'
import type { OnAccepted } from '../append/deliver-batch.js'
import { newestEvent } from '../append/newest-event.js'
import type { Notices } from '../append/notices.js'
import { type RefusalReads, refusalOf, whyNotHeld } from '../append/refusal.js'
import type { EntryVerdict } from '../append/verdicts.js'
import { writtenEvents } from '../append/written-events.js'
import type { Connections, Statement } from '../connections.js'
import { failureOf, isStatementStale, LOCK_NOT_AVAILABLE, translated } from '../postgres-failure.js'
import type { RewindGuard } from '../rewind-guard.js'
import { Verdict } from '../schema/append-functions.js'
import type { SchemaName } from '../schema/schema-name.js'
import { TOKEN } from '../schema/staging.js'
import { type Repeated, refusedOf, repeatedOf, unsuitableOf } from './refusal-of-commit.js'
import { encodeAppends, stageStatement } from './staging.js'
import { type Work, workOn } from './work-on.js'

const OPERATION = 'run a transaction'
const FIRST_PAUSE = 20
const LONGEST_PAUSE = 1_000
const FAILED_TRANSACTION = '25P02'

export interface TransactionDependencies {
  readonly connections: Connections
  readonly schema: SchemaName
  readonly notices: Notices
  readonly reads: RefusalReads
  readonly runtime: Runtime
  /** Milliseconds. */
  readonly statementTimeout: number
  /** Milliseconds. */
  readonly lockTimeout: number
  /** Milliseconds. */
  readonly retryFor: number
  readonly appendAll: (appends: readonly Append[]) => Promise<readonly Appended[]>
  readonly guard: RewindGuard
  readonly onAccepted: OnAccepted
}

/** A batch that the transaction holds and has not written. */
interface Staged {
  readonly id: number
  /** The transaction's own number, for finding out whether it has ended. */
  readonly xid: string
}

/**
 * The store's own transactions.
 *
 * The appends are handed over first, and written and committed by one further message: so the lock under which events are numbered is
 * the last thing that is taken, and is never held while the server waits for this process. It is given back when the commit is
 * visible; the flush follows.
 */
export class Transactions {
  private readonly stage: Statement
  private readonly outcome: Statement
  private readonly underWay = new Set<Promise<unknown>>()

  constructor(private readonly dependencies: TransactionDependencies) {
    const { quoted, statementPrefix } = dependencies.schema
    this.stage = { name: `${statementPrefix}stage_append`, text: stageStatement(quoted) }
    this.outcome = { name: `${statementPrefix}outcome_of`, text: `select ${quoted}.outcome_of($1, $2)` }
  }

  run<T>(work: Work<T>): Promise<Committed<T>> {
    const running = this.carryOut(work)
    const settled = running.catch(() => {}).finally(() => this.underWay.delete(settled))
    this.underWay.add(settled)
    return running
  }

  /** Resolves when those that were begun have ended. */
  async drain(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay)
  }

  private async carryOut<T>(work: Work<T>): Promise<Committed<T>> {
    const { connections, runtime } = this.dependencies
    const client = await connections.checkOut(OPERATION)
    const collected = new CollectedAppends()
    const token = runtime.uuid()
    let result: T
    let staged: Staged | undefined
    try {
      await this.begin(client, token)
      result = await this.carryOutIn(client, work, collected)
      if (collected.merged.length > 0) staged = await this.handOver(client, collected.merged, token)
    } catch (error) {
      return await this.undo(client, error, collected.merged)
    }
    const { merged } = collected
    const appended = staged ? await this.commitWith(client, staged, merged) : await this.commit(client)
    return { result, appended: collected.answers(appended) }
  }

  private async begin(client: pg.PoolClient, token: string): Promise<void> {
    const { connections, statementTimeout } = this.dependencies
    // Work that froze must not keep its locks for ever. The token is gone when the work has ended the transaction by itself.
    await connections.watched(client, () =>
      client.query(
        `begin isolation level read committed; set local idle_in_transaction_session_timeout = ${statementTimeout};
        set local ${TOKEN} = '${token}'`,
      ),
    )
  }

  private async carryOutIn<T>(client: pg.PoolClient, work: Work<T>, collected: CollectedAppends): Promise<T> {
    try {
      return await workOn(client, work, collected, this.dependencies)
    } catch (error) {
      throw new WorkFailed(error)
    }
  }

  private async handOver(client: pg.PoolClient, merged: readonly Append[], token: string): Promise<Staged> {
    const { connections } = this.dependencies
    const [row] = await connections.run(client, this.stage, [...encodeAppends(merged), token])
    return { id: Number(row![0]), xid: row![1]! }
  }

  /** Rolls back, and gives the client back. */
  private async undo(client: pg.PoolClient, error: unknown, merged: readonly Append[]): Promise<never> {
    const { connections } = this.dependencies
    const isRolledBack = await this.rollBack(client)
    const cause = error instanceof WorkFailed ? error.error : error
    connections.giveBack(client, cause, !isRolledBack || isStatementStale(cause))
    if (!(error instanceof WorkFailed)) {
      throw unsuitableOf(error, OPERATION) ?? whyNotHeld(merged, error) ?? translated(error, OPERATION, false)
    }
    // What the work threw is its caller's to understand, unless the connection was lost under it.
    if (isRolledBack || lookedAt(() => cause instanceof WritError)) throw cause
    throw new StoreUnavailableError('postgres', OPERATION, false, cause)
  }

  private async rollBack(client: pg.PoolClient): Promise<boolean> {
    try {
      await this.dependencies.connections.watched(client, () => client.query('rollback'))
      return true
    } catch {
      // The connection is broken, and its server rolls back.
      return false
    }
  }

  /** Where nothing is appended; there is no event to tell by what became of it, should the answer get lost. */
  private async commit(client: pg.PoolClient): Promise<readonly Appended[]> {
    const { connections } = this.dependencies
    let command: string
    try {
      command = (await connections.watched(client, () => client.query('commit'))).command
    } catch (error) {
      connections.giveBack(client, error, true)
      throw translated(error, OPERATION, true)
    }
    connections.giveBack(client)
    if (command === 'COMMIT') return []
    const cause = new Error('A statement had failed, and the work went on as if it had not.')
    throw unsuitableOf(Object.assign(cause, { code: FAILED_TRANSACTION }), OPERATION)
  }

  private async commitWith(client: pg.PoolClient, staged: Staged, merged: readonly Append[]): Promise<readonly Appended[]> {
    const { connections, schema, notices, lockTimeout, onAccepted } = this.dependencies
    const { quoted } = schema
    const waitAtMost = connections.haveLockTimeout ? 'null' : `'${lockTimeout}'`
    let verdicts: readonly EntryVerdict[]
    try {
      // What the user's deferred constraints have to say is said before the lock.
      const commit = (notify: boolean) =>
        connections.runTogether(
          client,
          `set constraints all immediate; select ${quoted}.append_staged(${staged.id}, false, ${notify}, ${waitAtMost});
          commit; select ${quoted}.flush()`,
        )
      const [, answer] = await notices.telling(commit, () => true)
      verdicts = verdictsOf(answer![0]![0]!, merged.length)
    } catch (error) {
      return this.afterFailure(client, error, staged, merged)
    }
    connections.giveBack(client)
    const appended = verdicts.map(({ detail: version, position }) => ({ version, position }))
    const { position, eventId } = newestEvent(merged, appended)
    onAccepted(position, eventId, () => writtenEvents(merged, verdicts))
    return appended
  }

  private async afterFailure(
    client: pg.PoolClient,
    error: unknown,
    staged: Staged,
    merged: readonly Append[],
  ): Promise<readonly Appended[]> {
    const { connections, reads } = this.dependencies
    const isRolledBack = await this.rollBack(client)
    connections.giveBack(client, error, !isRolledBack || isStatementStale(error))
    const refused = refusedOf(error)
    if (refused) {
      const { append, verdict, detail, position } = refused
      const refusal = await refusalOf(merged[append]!, { verdict, detail, position }, reads)
      // The receipt that refused it has been deleted since.
      throw refusal ?? new StoreUnavailableError('postgres', OPERATION, false, error)
    }
    const repeated = repeatedOf(error)
    if (repeated) return this.firstAnswers(repeated)
    // Whatever else went wrong, the flush may be to blame, and then it is committed.
    return this.outcomeOf(staged, merged, error)
  }

  private async firstAnswers({ versions, positions }: Repeated): Promise<readonly Appended[]> {
    const { connections, schema } = this.dependencies
    const flush = { name: `${schema.statementPrefix}flush`, text: `select ${schema.quoted}.flush()` }
    await connections.write(OPERATION, flush, [])
    return versions.map((version, index) => ({ version, position: positions[index]! }))
  }

  /** The reply to the commit was lost: waits until the transaction has ended, and looks for its events. */
  private async outcomeOf(staged: Staged, merged: readonly Append[], error: unknown): Promise<readonly Appended[]> {
    const { runtime, retryFor, appendAll } = this.dependencies
    const deadline = runtime.monotonic() + retryFor
    const event = merged.flatMap(({ events }) => events.slice(0, 1))[0]
    for (let pause = FIRST_PAUSE; event !== undefined; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const isWritten = await this.isWritten(staged, event.id)
      // Stored already, they are answered as a repetition.
      if (isWritten) return appendAll(merged)
      if (isWritten === false) throw await this.withoutEffect(error)
      if (runtime.monotonic() + pause > deadline) break
      await runtime.sleep(pause * (0.5 + runtime.random() / 2))
    }
    throw new StoreUnavailableError('postgres', OPERATION, true, error)
  }

  private async withoutEffect(error: unknown): Promise<unknown> {
    const { kind, sqlState } = failureOf(error)
    if (kind === 'refused') return translated(error, OPERATION, false)
    const cause = sqlState === LOCK_NOT_AVAILABLE ? await lockTimedOut(this.dependencies, error) : error
    return new StoreUnavailableError('postgres', OPERATION, false, cause)
  }

  /** Undefined as long as that can't be found out. */
  private async isWritten({ xid }: Staged, eventId: string): Promise<boolean | undefined> {
    try {
      const [row] = await this.dependencies.connections.read(OPERATION, this.outcome, [xid, eventId])
      return row![0] === null ? undefined : row![0] === 't'
    } catch (error) {
      if (error instanceof StoreUnavailableError) return undefined
      throw error
    }
  }
}

/** The text of a bigint array, as `append_staged` answers where all was accepted. */
function verdictsOf(text: string, count: number): readonly EntryVerdict[] {
  const numbers = text.slice(1, -1).split(',').map(Number)
  return Array.from({ length: count }, (_, index) => ({
    verdict: Verdict.accepted,
    detail: numbers[2 + count + index]!,
    position: numbers[2 + 2 * count + index]!,
    writtenAt: numbers[2 + 3 * count],
  }))
}

class WorkFailed {
  constructor(readonly error: unknown) {}
}
