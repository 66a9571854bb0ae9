import { checkFind, type Receipt, type Receipts, type ReceiptsAsOf } from '@writ/event-store'
import type { Past } from './past.js'
import type { Translation } from './translation.js'

/** What the base had answered when the branch parted from it, and what the branch itself has. */
export class BranchReceipts implements Receipts {
  constructor(
    private readonly own: Receipts,
    private readonly translation: Translation,
    private readonly past: () => Past,
  ) {}

  async find(commandId: string, asOf?: ReceiptsAsOf): Promise<Receipt | undefined> {
    checkFind(commandId, asOf)
    const past = this.past()
    if (asOf && asOf.position < past.position) return past.receipt(commandId, asOf.position)
    const own = await this.own.find(commandId, asOf && { ...asOf, position: asOf.position - past.position })
    return own ? this.translation.receipt(own) : past.receipt(commandId)
  }

  moment(): Promise<number> {
    return this.own.moment()
  }

  /** Those of the base are not the branch's to delete. */
  deleteOlderThan(milliseconds: number): Promise<number> {
    return this.own.deleteOlderThan(milliseconds)
  }
}
