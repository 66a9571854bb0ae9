import { type Append, CollectedAppends } from '@writ/event-store'
import type pg from 'pg'
import { encodeBatch } from '../append/encode-batch.js'
import { whyNotHeld } from '../append/refusal.js'
import { translated } from '../postgres-failure.js'
import type { SchemaName } from '../schema/schema-name.js'
import { unsuitableOf } from './refusal-of-commit.js'

/** Hands appends over to a user's transaction, whose COMMIT writes them. */
export class Staging {
  private readonly lock: string
  private readonly stageStatement: string

  constructor({ quoted }: SchemaName) {
    // The statement that only runs within a transaction block; nobody waits for such a lock, nor does it keep anyone out.
    this.lock = `lock table ${quoted}.staged_appends in row exclusive mode`
    this.stageStatement = stageStatement(quoted)
  }

  async stage(client: pg.ClientBase, appends: Append | readonly Append[]): Promise<void> {
    const collected = new CollectedAppends()
    for (const append of 'stream' in appends ? [appends] : appends) collected.append(append)
    const { merged } = collected
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

export function stageStatement(quoted: string): string {
  const parameters = Array.from({ length: 19 }, (_, index) => `$${index + 1}`).join(', ')
  return `select id, xid from ${quoted}.stage_append(${parameters})`
}

export const encodeAppends = (appends: readonly Append[]) =>
  encodeBatch(appends.map((append) => ({ stream: append.stream, events: append.events, parts: [{ append }] })))
