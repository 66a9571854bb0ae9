import type { Checkpoint } from '@writ/event-store'
import { describeError } from '../infrastructure-error.js'
import type { Patience } from '../patience.js'
import type { Report } from '../subscription-status.js'
import type { CheckpointWatch } from './checkpoint-watch.js'
import { HeldLease, type Leasing } from './held-lease.js'

/** How often a subscription that another process runs looks whether that is still so. */
const LOOK = 250

export interface Given {
  readonly lease: HeldLease
  readonly checkpoint: number
}

/** Waits for a lease: asks for it, and asks again when it is given back, or runs out. */
export class Standby {
  constructor(
    private readonly subscription: string,
    private readonly watch: CheckpointWatch,
    private readonly report: Report,
    private readonly patience: Patience,
    private readonly ending: AbortSignal,
  ) {}

  /** @returns undefined when asked to end */
  async untilGiven(leasing: Leasing, onLost: () => void): Promise<Given | undefined> {
    while (!this.ending.aborted) {
      try {
        const answer = await HeldLease.acquire(this.subscription, leasing, onLost)
        if (answer.lease) return answer
        this.denied(leasing, answer.heldBy)
        await this.untilFree(leasing, answer.expiresIn)
      } catch (error) {
        this.report.retrying(error)
        if (this.patience.count === 0) {
          const facts = { subscription: this.subscription, error: describeError(error) }
          leasing.logger.warn(facts, 'the lease can not be asked for; trying again until it can')
        }
        await this.patience.failed(this.ending)
      }
    }
    return undefined
  }

  private denied({ logger }: Leasing, heldBy: string): void {
    this.patience.progress()
    if (this.report.state !== 'standby' || this.report.heldBy !== heldBy) {
      logger.info({ subscription: this.subscription, heldBy }, 'the subscription runs elsewhere; standing by')
    }
    this.report.standby(heldBy)
  }

  /** By the end of the lease as it is now at the latest: its holder may have vanished. */
  private async untilFree(leasing: Leasing, expiresIn: number): Promise<void> {
    const isFree = new AbortController()
    const stop = () => isFree.abort()
    const watcher = {
      every: () => LOOK,
      see: (rows: ReadonlyMap<string, Checkpoint>) => {
        const row = rows.get(this.subscription)
        if (!row) return
        this.report.checkpoint = row.checkpoint
        if (row.owner === undefined) isFree.abort()
        else this.denied(leasing, row.owner)
      },
    }
    this.ending.addEventListener('abort', stop)
    this.watch.add(watcher)
    await leasing.runtime.sleep(Math.max(expiresIn, LOOK), isFree.signal)
    this.watch.remove(watcher)
    this.ending.removeEventListener('abort', stop)
  }
}
