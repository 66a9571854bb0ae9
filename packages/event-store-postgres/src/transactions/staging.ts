import { type Append, CollectedAppends } from '@writ/event-store'
import type pg from 'pg'
import { encodeBatch } from '../append/encode-batch.js'
import { whyNotHeld } from '../append/refusal.js'
import { runsOnForeign } from '../connections.js'
import { UnsuitableTransactionError } from '../errors.js'
import { translated } from '../postgres-failure.js'
import type { SchemaName } from '../schema/schema-name.js'
import type { ReadsDependencies } from './reads-within.js'
import { unsuitableOf } from './refusal-of-commit.js'
import { type Work, workOn } from './work-on.js'

/** Hands appends over to a user's transaction, whose COMMIT writes them. */
export class Staging {
  private readonly lock: string
  private readonly stageStatement: string
  private readonly suitability: string

  constructor({ quoted }: SchemaName) {
    // The statement that only runs within a transaction block; nobody waits for such a lock, nor does it keep anyone out.
    this.lock = `lock table ${quoted}.staged_appends in row exclusive mode`
    this.stageStatement = stageStatement(quoted)
    this.suitability = `select current_setting('transaction_isolation') as level, exists (select from ${quoted}.staged_appends) as has_staged`
  }

  async stage(client: pg.ClientBase, appends: Append | readonly Append[]): Promise<void> {
    const collected = new CollectedAppends()
    for (const append of 'stream' in appends ? [appends] : appends) collected.append(append)
    await this.stageMerged(client, collected.merged)
  }

  /** Carries out work on the client, and stages what it appends. */
  async within<T>(client: pg.ClientBase, work: Work<T>, dependencies: Omit<ReadsDependencies, 'connections'>): Promise<T> {
    const { rows } = await client.query<{ level: string; has_staged: boolean }>(this.suitability)
    const { level, has_staged } = rows[0]!
    // What the work decides must not rest on an older snapshot than that of the COMMIT.
    if (level !== 'read committed')
      throw new UnsuitableTransactionError(WITHIN, `the transaction is ${level.toUpperCase()}; begin it READ COMMITTED`)
    await this.refuseNoTransaction(client, WITHIN)
    // Nor on less than what the transaction is going to write.
    if (has_staged)
      throw new UnsuitableTransactionError(
        WITHIN,
        'it has been handed events already, which the work would not see, and might decide otherwise for; do all of it in one call',
      )
    const collected = new CollectedAppends()
    const result = await workOn(client, work, collected, { ...dependencies, connections: runsOnForeign })
    await this.stageMerged(client, collected.merged)
    return result
  }

  private async refuseNoTransaction(client: pg.ClientBase, operation: string): Promise<void> {
    try {
      await client.query(this.lock)
    } catch (error) {
      throw unsuitableOf(error, operation) ?? translated(error, operation, false)
    }
  }

  private async stageMerged(client: pg.ClientBase, merged: readonly Append[]): Promise<void> {
    if (merged.length === 0) return
    try {
      await client.query(this.lock)
      // Not prepared by name: what stands between this client and the server, such as a pooler, is not known.
      await client.query(this.stageStatement, [...encodeAppends(merged), null])
    } catch (error) {
      throw unsuitableOf(error, OPERATION) ?? whyNotHeld(merged, error) ?? translated(error, OPERATION, false)
    }
  }
}

const OPERATION = 'stage appends'
const WITHIN = 'work within a transaction'

export function stageStatement(quoted: string): string {
  const parameters = Array.from({ length: 19 }, (_, index) => `$${index + 1}`).join(', ')
  return `select id, xid from ${quoted}.stage_append(${parameters})`
}

export const encodeAppends = (appends: readonly Append[]) =>
  encodeBatch(appends.map((append) => ({ stream: append.stream, events: append.events, parts: [{ append }] })))
