import type { Checkpoint, Logger, SubscriptionView } from '@writ/event-store'
import { Reached } from '../waiting/reached.js'

/** What a process knows of a subscription's partitions: what the last heartbeat told, and what was seen of their rows since. */
export class KnownPartitions {
  /** How far each is known to have come, here or elsewhere. */
  readonly reached = new Reached()
  /** What the last heartbeat told; the rows may be newer. */
  view: SubscriptionView | undefined
  /** One a partition, in their order. */
  rows: readonly Checkpoint[] = []
  /** Something has changed that only the next heartbeat tells. */
  isStale = false
  private told = ''

  constructor(
    private readonly subscription: string,
    /** By partition. */
    private readonly runsHere: ReadonlyMap<number, { readonly report: { readonly checkpoint: number } }>,
    private readonly logger: Logger,
  ) {}

  get isPaused(): boolean {
    return this.view?.isPaused === true
  }

  see(view: SubscriptionView): void {
    this.view = view
    this.isStale = false
    this.seeRows(view.checkpoints)
  }

  seeRows(rows: readonly Checkpoint[]): void {
    if (rows.length === 0 || !this.view) return
    this.isStale ||= rows.length !== this.view.partitions
    if (this.isStale) return
    this.reached.resize(rows.length, Math.min(...rows.map(({ checkpoint }) => checkpoint)))
    for (const row of rows) this.learn(row)
    this.rows = rows
    this.tellWhoRunsIt()
  }

  /** This process has the lease of a partition. */
  taken({ partition, owner, epoch, checkpoint }: Pick<Checkpoint, 'partition' | 'owner' | 'epoch' | 'checkpoint'>): void {
    this.learn({ partition, epoch, checkpoint })
    this.setRow(partition, { owner, epoch, checkpoint })
  }

  /** This process has given it back. */
  givenBack(partition: number, checkpoint: number): void {
    this.setRow(partition, { owner: undefined, leaseExpiresIn: undefined, checkpoint })
  }

  /** Another one has it. */
  heldElsewhere(partition: number, owner: string, leaseExpiresIn: number): void {
    this.setRow(partition, { owner, leaseExpiresIn })
    this.tellWhoRunsIt()
  }

  /** Those that an owner may ask for. */
  freeFor(owner: string): readonly Checkpoint[] {
    return this.rows.filter((row) => this.isFree(row, owner))
  }

  private isFree({ partition, owner, checkpoint }: Checkpoint, asking: string): boolean {
    // A lease of one's own without a run: its answer was lost.
    if (this.runsHere.has(partition) || (owner !== undefined && owner !== asking)) return false
    const { change } = this.view!
    return change === undefined || (change.upTo !== undefined && checkpoint < change.upTo)
  }

  private learn({ partition, checkpoint, epoch }: Pick<Checkpoint, 'partition' | 'checkpoint' | 'epoch'>): void {
    const before = this.rows[partition]
    // What is stored here is not told of a row before the next heartbeat.
    const stored = Math.max(before?.checkpoint ?? 0, this.runsHere.get(partition)?.report.checkpoint ?? 0)
    const wasReset = before !== undefined && epoch > before.epoch && checkpoint < stored
    if (wasReset) this.reached.setTo(partition, checkpoint)
    else this.reached.moveTo(partition, checkpoint)
  }

  private setRow(partition: number, change: Partial<Checkpoint>): void {
    this.rows = this.rows.map((row) => (row.partition === partition ? { ...row, ...change } : row))
  }

  /** Who runs it is told once, and again when that has changed. */
  private tellWhoRunsIt(): void {
    const elsewhere: Record<string, number[]> = {}
    for (const { partition, owner } of this.rows) {
      if (owner === undefined || this.runsHere.has(partition)) continue
      elsewhere[owner] = [...(elsewhere[owner] ?? []), partition]
    }
    const told = JSON.stringify(elsewhere)
    if (told === this.told) return
    this.told = told
    const { subscription, logger } = this
    const holders = Object.keys(elsewhere)
    if (holders.length === 0) return
    const expiresIn = Math.max(...this.rows.map(({ leaseExpiresIn = 0 }) => leaseExpiresIn))
    const facts = { subscription, heldBy: holders.join(', '), expiresIn }
    if (this.runsHere.size === 0) logger.info(facts, 'the subscription runs elsewhere; standing by')
    else logger.info({ subscription, elsewhere }, 'the subscription is shared with other processes')
  }
}
