import { failpoint, keyOfParked, type NewParkedEvent, type ParkedEventName } from '@writ/event-store'
import type { Holding } from './holding.js'

/** How many events are put aside by one save, about, and how many taken out: a store takes 1,000 together. */
const MOST_CHANGES = 450

/**
 * Stores how far a subscription has come: at once after the first event of a quiet time, then by time and by count; and what is put aside
 * on the way, in the same step.
 *
 * Past events that don't concern it the checkpoint moves once a second at most, whatever their number.
 */
export class CheckpointSaver {
  private unsaved = 0
  private savedAt = Number.NEGATIVE_INFINITY
  private due = Number.POSITIVE_INFINITY
  private position: number
  /** What is put aside or taken out and not stored, by name. */
  private readonly parked = new Map<string, NewParkedEvent>()
  private readonly unparked = new Map<string, ParkedEventName>()
  private underWay: Promise<void> | undefined

  constructor(
    private readonly holding: Holding,
    /** The checkpoint that the store has. */
    private stored: number,
    /** Told when a save that nobody waited for has failed: the next one tells why. */
    private readonly wake: () => void,
  ) {
    this.position = stored
  }

  /** The checkpoint that the store has. */
  get checkpoint(): number {
    return this.stored
  }

  /** When it wants to save next, in monotonic milliseconds; infinity while there is nothing to save. */
  get dueAt(): number {
    return this.due
  }

  /** So many events are finished, the last of them at this position. */
  handled(position: number, events = 1): void {
    this.position = position
    this.changed(events)
  }

  /** Nothing up to here concerns the subscription. */
  passed(position: number): void {
    if (position <= this.position) return
    this.position = position
    const due = Math.max(this.savedAt, 0) + this.holding.checkpointing.withinNothing
    if (due < this.due) this.due = due
  }

  /** Events are put aside: stored as soon as the checkpoint comes to them. */
  park(events: readonly NewParkedEvent[]): void {
    for (const event of events) {
      this.parked.set(keyOfParked(event), event)
      this.unparked.delete(keyOfParked(event))
    }
    // Whoever looks at what has failed should find it; what only waits behind it is not that urgent.
    if (events.some(({ failure }) => failure)) this.due = 0
    else this.changed()
  }

  /** Events that were parked are done with. */
  unpark(names: readonly ParkedEventName[]): void {
    for (const name of names) {
      this.parked.delete(keyOfParked(name))
      this.unparked.set(keyOfParked(name), name)
    }
    this.changed()
  }

  /** Whether what the store knows of a parked event is not what is known here. */
  isUnsaved(name: ParkedEventName): boolean {
    return this.parked.has(keyOfParked(name)) || this.unparked.has(keyOfParked(name))
  }

  /** A transaction has stored a position together with its effects. */
  storedWithEffects(position: number, now: number): void {
    this.position = Math.max(this.position, position)
    this.remember(position, now)
  }

  /**
   * Begins to store how far it has come, and lets handlers go on meanwhile; waits only for the save before, where that is still under way.
   *
   * @throws Interruption that the save before has met
   */
  async saveInPassing(): Promise<void> {
    await this.underWay
    this.savedAt = this.holding.runtime.monotonic()
    this.unsaved = 0
    this.due = Number.POSITIVE_INFINITY
    this.underWay = this.store()
    this.underWay.then(
      () => {
        this.underWay = undefined
      },
      () => {
        this.due = 0
        this.wake()
      },
    )
  }

  /** Waits until nothing is being stored any more. */
  async settled(): Promise<void> {
    await this.underWay?.catch(() => 'whoever is interrupted knows why')
  }

  /** @throws Interruption */
  async save(): Promise<void> {
    await this.underWay
    await this.store()
  }

  /** The last save, for an orderly stop, when all else is settled: tried once. */
  async saveLast(): Promise<void> {
    const { position, holding } = this
    for (let save = this.nextSave(position); save; save = this.nextSave(position)) {
      await this.advance(save)
      this.done(save)
    }
    this.remember(position, holding.runtime.monotonic())
  }

  private async store(): Promise<void> {
    const { position, holding } = this
    for (let save = this.nextSave(position); save; save = this.nextSave(position)) {
      const next = save
      await holding.untilAnswered('store the checkpoint', () => this.advance(next))
      this.done(next)
    }
    this.remember(position, holding.runtime.monotonic())
  }

  private changed(events = 1): void {
    const { checkpointing } = this.holding
    this.unsaved += events
    const due = this.unsaved >= checkpointing.events ? 0 : this.savedAt + checkpointing.within
    if (due < this.due) this.due = due
  }

  /** What is to be stored next; undefined when the store has all. */
  private nextSave(position: number): Save | undefined {
    const { parked, unparked, stored } = this
    if (parked.size === 0 && unparked.size === 0) return position > stored ? { upTo: position, park: [], unpark: [] } : undefined
    const ripe = [...parked.values()].filter((event) => event.position <= position).sort((a, b) => a.position - b.position)
    const park = firstOf(ripe)
    const unpark = [...unparked.values()].slice(0, MOST_CHANGES)
    // The checkpoint passes an event when it is put aside, and not before.
    const upTo = Math.max(stored, park.length === ripe.length ? position : park.at(-1)!.position)
    return park.length + unpark.length > 0 || upTo > stored ? { upTo, park, unpark } : undefined
  }

  private done({ upTo, park, unpark }: Save): void {
    this.stored = upTo
    // What has changed again meanwhile is stored again.
    for (const event of park) if (this.parked.get(keyOfParked(event)) === event) this.parked.delete(keyOfParked(event))
    for (const name of unpark) if (this.unparked.get(keyOfParked(name)) === name) this.unparked.delete(keyOfParked(name))
  }

  private async advance({ upTo, park, unpark }: Save): Promise<void> {
    const { store, lease } = this.holding
    failpoint('subscription.beforeCheckpoint')
    if (park.length + unpark.length > 0) await store.checkpoints.advance(lease, upTo, { park, unpark })
    else await store.checkpoints.advance(lease, upTo)
    failpoint('subscription.afterCheckpoint')
  }

  private remember(position: number, now: number): void {
    this.stored = Math.max(this.stored, position)
    this.holding.report.checkpoint = this.stored
    this.savedAt = now
    this.unsaved = 0
    // More may have been finished while this was being stored.
    const hasMore =
      this.position > position ||
      this.unparked.size > 0 ||
      [...this.parked.values()].some((event) => event.position <= this.position)
    this.due = hasMore ? now + this.holding.checkpointing.within : Number.POSITIVE_INFINITY
  }
}

/** One step: the checkpoint, and what is put aside and taken out with it. */
interface Save {
  readonly upTo: number
  readonly park: readonly NewParkedEvent[]
  readonly unpark: readonly ParkedEventName[]
}

/** What one stored event became stays together: the checkpoint would pass a part of it. */
function firstOf(events: readonly NewParkedEvent[]): readonly NewParkedEvent[] {
  const last = events[MOST_CHANGES - 1]?.position
  return last === undefined ? events : events.filter(({ position }) => position <= last)
}
