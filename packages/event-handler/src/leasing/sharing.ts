import type { Checkpoint, SubscriptionView } from '@writ/event-store'
import type { CheckpointWatch, Watcher } from './checkpoint-watch.js'
import { fairShare } from './fair-share.js'
import { type Body, Heart, type Leasing } from './heart.js'

/** How often a process looks at what others run: what they give back is taken at once. */
const LOOK = 100

/** A subscription of this process, as far as it is shared with others. */
export interface SharedSubscription {
  readonly name: string
  /** Whether it runs here, or would if its turn came. */
  readonly takesPart: boolean
  /** Whether something of it is run by others, or by nobody. */
  readonly isPartlyElsewhere: boolean
  /** Whether something of it is free that is to be taken by someone. */
  readonly hasFree: boolean
  /** Whether its number of partitions is changing. */
  readonly isChanging: boolean
  /** Undefined: the store does not know it any more. */
  see(view: SubscriptionView | undefined, share: number): void
  seeRows(rows: readonly Checkpoint[]): void
  seeFailure(error: unknown): void
}

/** What a process and the others share: it says that it is there, learns who else is, and tells each subscription how much is its own. */
export class Sharing implements Body, Watcher {
  readonly heart: Heart
  private isWatching = false
  private isLeaving = false

  constructor(
    private readonly leasing: Leasing,
    private readonly watch: CheckpointWatch,
    private readonly shared: readonly SharedSubscription[],
  ) {
    this.heart = new Heart(leasing, this)
  }

  /** The others are told to expect nothing more of this process; what is held is kept until it is given back. */
  leaveSoon(): void {
    this.isLeaving = true
    this.heart.soon()
  }

  /** To be called when everything has been given back. */
  async stop(): Promise<void> {
    this.watch.remove(this)
    await this.heart.stop()
  }

  subscriptions(): readonly string[] {
    return this.partakers().map(({ name }) => name)
  }

  see(views: ReadonlyMap<string, SubscriptionView>): void {
    const shares = fairShare(this.leasing.owner, [...views.values()])
    for (const one of this.partakers()) {
      const view = views.get(one.name)
      one.see(view, shares.get(one.name) ?? 0)
    }
    this.review()
  }

  failed(error: unknown): void {
    for (const one of this.shared) one.seeFailure(error)
  }

  /** What runs here has changed: whether there is something to look at elsewhere. */
  review(): void {
    const isNeeded = this.partakers().some(({ isPartlyElsewhere }) => isPartlyElsewhere)
    if (isNeeded === this.isWatching) return
    this.isWatching = isNeeded
    if (isNeeded) this.watch.add(this)
    else this.watch.remove(this)
  }

  every(): number {
    return LOOK
  }

  seeRows(rows: ReadonlyMap<string, readonly Checkpoint[]>): void {
    for (const one of this.partakers()) one.seeRows(rows.get(one.name) ?? [])
    // Free: someone has left, or is about to. Who is there now decides who takes it.
    if (this.partakers().some(({ hasFree, isChanging }) => hasFree || isChanging)) this.heart.soon()
  }

  private partakers(): readonly SharedSubscription[] {
    return this.isLeaving ? [] : this.shared.filter(({ takesPart }) => takesPart)
  }
}
