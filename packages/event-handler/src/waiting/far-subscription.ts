import type { Checkpoint, EventStore } from '@writ/event-store'
import { storedFilter } from '../definition/event-filter.js'
import type { Subscription } from '../subscription.js'

/** How many events beyond the checkpoints of several partitions are looked at, at most, until the checkpoints move. */
const MOST_LOOKED_AT = 1_000

/**
 * What is known of the partitions of a subscription that run in other processes, or nowhere.
 *
 * Their stored checkpoints move past uninteresting events only now and then. So what matters is looked up in the log: the first event
 * beyond a checkpoint that concerns the partition. Up to there it has nothing to do, and that answers for every position before.
 */
export class FarSubscription {
  /** Partition → the checkpoint beyond which an event was found in its way; it stays there until the checkpoint moves. */
  private readonly asked = new Map<number, number>()

  constructor(
    readonly subscription: Subscription,
    private readonly store: EventStore,
  ) {}

  async learn(rows: readonly Checkpoint[]): Promise<void> {
    const { subscription, asked } = this
    const { reached } = subscription
    subscription.seeRows(rows)
    const upTo = Math.max(0, ...[...reached.waiters].map(({ position }) => position))
    const open = rows.filter(
      ({ partition, checkpoint }) =>
        !subscription.runsHere(partition) && reached.of(partition) < upTo && asked.get(partition) !== checkpoint,
    )
    if (open.length === 0) return
    const { found, seenUpTo } = await this.firstConcerning(
      open.map(({ partition }) => partition),
      rows.length,
      upTo,
    )
    for (const { partition, checkpoint } of open) {
      const next = found.get(partition)
      if (next !== undefined) asked.set(partition, checkpoint)
      reached.moveTo(partition, next === undefined ? seenUpTo : next - 1)
    }
  }

  /** Partition → the position of the first event that concerns it beyond what it has reached. */
  private async firstConcerning(partitions: readonly number[], of: number, upTo: number) {
    const { store, subscription } = this
    const { reached, storedTypes, definition } = subscription
    const { tags, ...where } = storedFilter(definition.filter)
    const found = new Map<number, number>()
    const after = Math.min(...partitions.map((partition) => reached.of(partition)))
    const query = { items: [{ types: [...storedTypes], ...(tags && { tags }) }] }
    // Of one partition, the first event that is found is the one.
    const limit = of === 1 ? 1 : MOST_LOOKED_AT
    let count = 0
    for await (const page of store.readAll({
      after,
      upTo,
      query,
      ...where,
      limit,
      pageSize: Math.min(limit, 100),
      durable: false,
    })) {
      for (const stored of page) {
        count++
        for (const partition of partitions) {
          if (found.has(partition) || stored.position <= reached.of(partition)) continue
          if (subscription.concerns(partition, stored)) found.set(partition, stored.position)
        }
        if (found.size === partitions.length || count === limit) return { found, seenUpTo: stored.position }
      }
    }
    return { found, seenUpTo: upTo }
  }
}
