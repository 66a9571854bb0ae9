import { failpoint } from '@writ/event-store'
import type { Holding } from './holding.js'

const MOST_UNSAVED = 5_000
/** Milliseconds from one save to the next: with effects to be remembered (others may be waiting for a strong one), and with none. */
const INTERVAL = { strong: 10, eventual: 100, nothingHandled: 1_000 }

/**
 * Stores how far a subscription has come: at once after the first event of a quiet time, then by time and by count.
 *
 * Past events that don't concern it the checkpoint moves once a second, whatever their number.
 */
export class CheckpointSaver {
  private unsaved = 0
  private savedAt = Number.NEGATIVE_INFINITY
  private due = Number.POSITIVE_INFINITY
  private position: number

  constructor(
    private readonly holding: Holding,
    /** The checkpoint that the store has. */
    private stored: number,
  ) {
    this.position = stored
  }

  /** When it wants to save next, in monotonic milliseconds; infinity while there is nothing to save. */
  get dueAt(): number {
    return this.due
  }

  /** A handler has finished an event. */
  handled(position: number): void {
    this.position = position
    this.unsaved++
    const due = this.unsaved >= MOST_UNSAVED ? 0 : this.savedAt + INTERVAL[this.holding.definition.consistency]
    if (due < this.due) this.due = due
  }

  /** Nothing up to here concerns the subscription. */
  passed(position: number): void {
    if (position <= this.position) return
    this.position = position
    const due = Math.max(this.savedAt, 0) + INTERVAL.nothingHandled
    if (due < this.due) this.due = due
  }

  /** A transaction has stored a position together with its effects. */
  storedWithEffects(position: number, now: number): void {
    this.position = position
    this.remember(position, now)
  }

  /** @throws Interruption */
  async save(): Promise<void> {
    const { position, holding } = this
    if (position > this.stored) {
      await holding.untilAnswered('store the checkpoint', () => this.advance(position))
    }
    this.remember(position, holding.runtime.monotonic())
  }

  /** The last save, for an orderly stop: tried once. */
  async saveLast(): Promise<void> {
    const { position, holding } = this
    if (position > this.stored) await this.advance(position)
    this.remember(position, holding.runtime.monotonic())
  }

  private async advance(position: number): Promise<void> {
    const { store, lease } = this.holding
    failpoint('subscription.beforeCheckpoint')
    await store.checkpoints.advance(lease, position)
    failpoint('subscription.afterCheckpoint')
  }

  private remember(position: number, now: number): void {
    this.stored = position
    this.holding.report.checkpoint = position
    this.savedAt = now
    this.unsaved = 0
    // More may have been finished while this was being stored.
    this.due = this.position > position ? now + INTERVAL[this.holding.definition.consistency] : Number.POSITIVE_INFINITY
  }
}
