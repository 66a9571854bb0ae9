import type pg from 'pg'
import type { Connections, Statement } from '../connections.js'
import type { CheckedOptions } from '../options.js'
import type { Batch } from './batch.js'
import { encodeBatch, encodeOne, isOnePlainEvent } from './encode-batch.js'
import { type EntryVerdict, readVerdicts } from './verdicts.js'

/** Sends a batch as one statement, in one round trip; its answer comes when all that was accepted is durable. */
export class AppendCall {
  private readonly one: Statement
  private readonly many: Statement
  private readonly together: Statement
  /** Null where the connections themselves wait no longer than that. */
  private readonly lockTimeout: string | null

  constructor(
    private readonly connections: Connections,
    { schema: { quoted, statementPrefix }, lockTimeout }: CheckedOptions,
  ) {
    this.lockTimeout = connections.haveLockTimeout ? null : `${lockTimeout}`
    this.one = {
      name: `${statementPrefix}append_one`,
      text: `call ${quoted}.append_one(null, $1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    }
    const parameters = (count: number) => Array.from({ length: count }, (_, index) => `$${index + 1}`).join(', ')
    this.many = { name: `${statementPrefix}append_batch`, text: `call ${quoted}.append_batch(null, ${parameters(22)})` }
    this.together = { name: `${statementPrefix}append_together`, text: `call ${quoted}.append_together(null, ${parameters(21)})` }
  }

  /** @throws the driver's error as it is */
  async send(
    client: pg.ClientBase,
    batch: Batch,
    { oneByOne, trustsNew, notify }: { oneByOne: boolean; trustsNew: boolean; notify: boolean },
  ): Promise<readonly EntryVerdict[]> {
    const isOne = batch.length === 1 && !oneByOne && isOnePlainEvent(batch[0]!)
    const rows = isOne
      ? await this.connections.run(client, this.one, [...encodeOne(batch[0]!), notify, this.lockTimeout])
      : await this.connections.run(client, this.many, [...encodeBatch(batch), oneByOne, trustsNew, notify, this.lockTimeout])
    return readVerdicts(batch, rows[0]![0]!)
  }

  /** The same, all or none; it is told whether to look for repetitions beforehand. */
  async sendTogether(
    client: pg.ClientBase,
    batch: Batch,
    { checkIds, notify }: { checkIds: boolean; notify: boolean },
  ): Promise<readonly EntryVerdict[]> {
    const rows = await this.connections.run(client, this.together, [...encodeBatch(batch), checkIds, notify, this.lockTimeout])
    return readVerdicts(batch, rows[0]![0]!)
  }
}
