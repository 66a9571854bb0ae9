import type { Receipt, Receipts } from '@writ/event-store'
import type { Connections, Statement } from './connections.js'
import type { Ready } from './ready.js'
import type { SchemaName } from './schema/schema-name.js'

const DELETED_AT_ONCE = 10_000

/** Reads and drops receipts; appends write them. */
export class PostgresReceipts implements Receipts {
  private readonly findOne: Statement
  private readonly deleteSome: Statement

  constructor(
    private readonly connections: () => Connections,
    private readonly ready: Ready,
    { quoted, statementPrefix }: SchemaName,
  ) {
    this.findOne = { name: `${statementPrefix}find_receipt`, text: `select * from ${quoted}.find_receipt($1)` }
    this.deleteSome = {
      name: `${statementPrefix}delete_receipts`,
      text: `with gone as (
          delete from ${quoted}.receipts where ctid = any(array(select ctid from ${quoted}.receipts
            where created_at < clock_timestamp() - $1::double precision * interval '1 millisecond' limit ${DELETED_AT_ONCE}))
          returning 1)
        select count(*) from gone`,
    }
  }

  /** A receipt that is found is durable: it answers a client. */
  async find(commandId: string): Promise<Receipt | undefined> {
    this.ready('find a receipt')
    const [row] = await this.connections().read('find a receipt', this.findOne, [commandId])
    if (!row) return undefined
    const [stream, version, position, body, createdAt] = row
    return {
      commandId,
      stream: stream!,
      version: Number(version),
      position: Number(position),
      body: body!,
      createdAt: new Date(Number(createdAt)),
    }
  }

  async deleteOlderThan(milliseconds: number): Promise<number> {
    this.ready('delete receipts')
    let deleted = 0
    for (;;) {
      // In pieces, for one statement over all of them could outlast its timeout.
      const [row] = await this.connections().write('delete receipts', this.deleteSome, [milliseconds])
      deleted += Number(row![0])
      if (Number(row![0]) < DELETED_AT_ONCE) return deleted
    }
  }
}
