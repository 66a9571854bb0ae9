import { checkFind, checkMilliseconds, type Receipt, type Receipts, type ReceiptsAsOf } from '@writ/event-store'
import type { InMemoryLog } from './in-memory-log.js'
import type { Ready } from './ready.js'

/** Reads and drops receipts; appends write them. */
export class InMemoryReceipts implements Receipts {
  constructor(
    private readonly log: InMemoryLog,
    private readonly ready: Ready,
  ) {}

  async find(commandId: string, asOf?: ReceiptsAsOf): Promise<Receipt | undefined> {
    await this.ready('find a receipt')
    checkFind(commandId, asOf)
    const receipt = this.log.receipts.get(commandId)
    return receipt && (!asOf || this.wasThere(receipt, asOf)) ? receipt : undefined
  }

  async moment(): Promise<number> {
    await this.ready('tell the moment')
    return this.log.lastReceiptMoment
  }

  async deleteOlderThan(milliseconds: number): Promise<number> {
    await this.ready('delete receipts')
    checkMilliseconds('receipts.deleteOlderThan', 'milliseconds', milliseconds)
    const before = this.log.now() - milliseconds
    let deleted = 0
    for (const [commandId, { createdAt }] of this.log.receipts) {
      // They stand in the order in which they were written, and the store's clock never runs back: all that follow are younger.
      if (createdAt.getTime() >= before) break
      this.log.receipts.delete(commandId)
      deleted++
    }
    return deleted
  }

  private wasThere(receipt: Receipt, { position, moment }: ReceiptsAsOf): boolean {
    const came = this.log.receiptMoments.get(receipt)
    if (!came) return receipt.position <= position
    return came.position < position || (came.position === position && came.moment <= moment)
  }
}
