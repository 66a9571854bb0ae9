import type { Checkpoint, EventStore } from '@writ/event-store'
import type { Subscription } from '../subscription.js'

/**
 * What is known of a subscription that runs in another process, or nowhere.
 *
 * Its stored checkpoint moves past uninteresting events only now and then. So what matters is looked up in the log: the first event beyond
 * the checkpoint that concerns it. Up to there it has nothing to do, and that answers for every position before.
 */
export class FarSubscription {
  private asked: number | undefined

  constructor(
    readonly subscription: Subscription,
    private readonly store: EventStore,
  ) {}

  async learn({ checkpoint }: Checkpoint): Promise<void> {
    const { reached, storedTypes } = this.subscription
    reached.moveTo(checkpoint)
    const upTo = Math.max(0, ...[...reached.waiters].map(({ position }) => position))
    // An event once found in its way stays there until the checkpoint moves.
    if (upTo <= reached.position || this.asked === checkpoint) return
    const next = await this.nextConcerning(reached.position, upTo, [...storedTypes])
    if (next !== undefined) this.asked = checkpoint
    reached.moveTo(next === undefined ? upTo : next - 1)
  }

  private async nextConcerning(after: number, upTo: number, types: readonly string[]): Promise<number | undefined> {
    const pages = this.store.readAll({ after, upTo, query: { items: [{ types }] }, limit: 1, pageSize: 1, durable: false })
    for await (const page of pages) for (const { position } of page) return position
    return undefined
  }
}
