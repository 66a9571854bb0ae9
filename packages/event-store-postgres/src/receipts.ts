import { checkFind, checkMilliseconds, type Receipt, type Receipts, type ReceiptsAsOf } from '@writ/event-store'
import type { Runs, Statement } from './connections.js'
import type { Ready } from './ready.js'
import type { SchemaName } from './schema/schema-name.js'

/** How many pages of the table one statement looks through: some ten thousand receipts. */
const PAGES_AT_ONCE = 500

/** Reads and drops receipts; appends write them. */
export class PostgresReceipts implements Receipts {
  private readonly findOne: Statement
  private readonly tellMoment: Statement
  private readonly extent: Statement
  private readonly deleteSome: Statement

  constructor(
    private readonly connections: () => Runs,
    private readonly ready: Ready,
    { quoted, statementPrefix }: SchemaName,
  ) {
    this.findOne = { name: `${statementPrefix}find_receipt`, text: `select * from ${quoted}.find_receipt($1, $2, $3)` }
    this.tellMoment = { name: `${statementPrefix}receipts_moment`, text: `select ${quoted}.receipts_moment()` }
    this.extent = {
      name: `${statementPrefix}receipts_extent`,
      text: `select clock_timestamp() - $1::double precision * interval '1 millisecond',
        pg_relation_size('${quoted}.receipts') / current_setting('block_size')::integer`,
    }
    this.deleteSome = {
      name: `${statementPrefix}delete_receipts`,
      text: `select ${quoted}.delete_receipts($1, $2, $3)`,
    }
  }

  /** A receipt that is found is durable: it answers a client. */
  async find(commandId: string, asOf?: ReceiptsAsOf): Promise<Receipt | undefined> {
    this.ready('find a receipt')
    checkFind(commandId, asOf)
    const given = [commandId, asOf?.position ?? null, asOf?.moment ?? null]
    const [row] = await this.connections().read('find a receipt', this.findOne, given)
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

  async moment(): Promise<number> {
    this.ready('tell the moment')
    const [row] = await this.connections().read('tell the moment', this.tellMoment, [])
    return Number(row![0])
  }

  async deleteOlderThan(milliseconds: number): Promise<number> {
    this.ready('delete receipts')
    checkMilliseconds('receipts.deleteOlderThan', 'milliseconds', milliseconds)
    const [extent] = await this.connections().read('delete receipts', this.extent, [milliseconds])
    const [before, pages] = extent!
    let deleted = 0
    // Page after page, each looked at once: one statement over all of them could outlast its timeout, and an index by time would be
    // paid for by every command.
    for (let page = 0; page < Number(pages); page += PAGES_AT_ONCE) {
      const range = [`(${page},0)`, `(${page + PAGES_AT_ONCE},0)`, before!]
      const [row] = await this.connections().write('delete receipts', this.deleteSome, range)
      deleted += Number(row![0])
    }
    return deleted
  }
}
