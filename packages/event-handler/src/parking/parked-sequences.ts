import type { ParkedEventName } from '@writ/event-store'

/** An event's place: its position, and which one it is of what the stored event became. */
export interface EventPlace {
  readonly position: number
  readonly part: number
}

/** A parked event, as far as it needs to be known to keep the order. */
export interface Parked extends ParkedEventName {
  /** Whether it failed itself; otherwise it waits behind one that did. */
  readonly hasFailed: boolean
}

/**
 * The parked events of what a lease is about: what comes next of their sequences has to wait behind them.
 *
 * An event that belongs to several sequences is parked in each, and is tried again when it is the first one in all of them.
 */
export class ParkedSequences {
  private readonly sequences = new Map<string, Parked[]>()
  private readonly sequencesOf = new Map<string, string[]>()
  /** Position → how many rows are parked there. */
  private readonly positions = new Map<number, number>()

  /** How many events are parked, one in several sequences as often as these. */
  count = 0

  /** Whether an event of these sequences has to wait. */
  holdUp(sequences: readonly string[]): boolean {
    for (const sequence of sequences) if (this.sequences.has(sequence)) return true
    return false
  }

  has({ sequence, ...place }: ParkedEventName): boolean {
    return this.sequencesOf.get(keyOf(place))?.includes(sequence) ?? false
  }

  /** Whether an event is parked beyond a position, and not beyond another one. */
  hasBetween(after: number, upTo: number): boolean {
    if (this.count === 0) return false
    for (let position = after + 1; position <= upTo; position++) if (this.positions.has(position)) return true
    return false
  }

  /** Those in which an event is parked; none for one that is not. */
  ofEvent(place: EventPlace): readonly string[] {
    return this.sequencesOf.get(keyOf(place)) ?? []
  }

  /** Whether nothing stands before it. */
  isFirst(place: EventPlace): boolean {
    return this.ofEvent(place).every((sequence) => isSame(this.sequences.get(sequence)![0]!, place))
  }

  /** Whether something could be tried that waits for nobody's decision and for no time: it only stood behind others, which are gone. */
  get hasUnblocked(): boolean {
    for (const [first] of this.sequences.values()) if (!first!.hasFailed && this.isFirst(first!)) return true
    return false
  }

  /** In the order of the log; one that is there already only learns whether it has failed. */
  add(parked: Parked): void {
    const { sequence } = parked
    const events = this.sequences.get(sequence) ?? []
    const known = events.findIndex((event) => isSame(event, parked))
    if (known !== -1) {
      events[known] = parked
      return
    }
    events.push(parked)
    this.sequences.set(sequence, events)
    const key = keyOf(parked)
    this.sequencesOf.set(key, [...(this.sequencesOf.get(key) ?? []), sequence])
    this.countAt(parked.position, 1)
  }

  /** Takes an event out of all its sequences. */
  remove(place: EventPlace): readonly ParkedEventName[] {
    const sequences = this.ofEvent(place)
    this.sequencesOf.delete(keyOf(place))
    for (const sequence of sequences) {
      const events = this.sequences.get(sequence)!
      events.splice(
        events.findIndex((event) => isSame(event, place)),
        1,
      )
      if (events.length === 0) this.sequences.delete(sequence)
      this.countAt(place.position, -1)
    }
    return sequences.map((sequence) => ({ sequence, position: place.position, part: place.part }))
  }

  private countAt(position: number, change: number): void {
    this.count += change
    const there = (this.positions.get(position) ?? 0) + change
    if (there === 0) this.positions.delete(position)
    else this.positions.set(position, there)
  }
}

const keyOf = ({ position, part }: EventPlace): string => `${position}/${part}`

const isSame = (one: EventPlace, other: EventPlace): boolean => one.position === other.position && one.part === other.part
