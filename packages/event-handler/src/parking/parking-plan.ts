import type { NewParkedEvent, ParkedFailure, RecordedEvent } from '@writ/event-store'
import type { ParkedSequences } from './parked-sequences.js'

/** An event that its error policy puts aside. */
export interface PutAside {
  readonly failure: ParkedFailure
  /** Milliseconds until it is tried again by itself; undefined: when someone says so. */
  readonly retryIn: number | undefined
}

/** What becomes of events: some are handled, others put aside. */
export interface ParkingPlan {
  readonly handle: readonly RecordedEvent[]
  readonly park: readonly NewParkedEvent[]
}

/** Which events are put aside, for they failed, or for an earlier one of their sequence is. */
export function parkingPlan(
  events: readonly RecordedEvent[],
  parked: ParkedSequences,
  sequencesOf: (event: RecordedEvent) => readonly string[],
  asideOf: (event: RecordedEvent) => PutAside | undefined = () => undefined,
): ParkingPlan {
  const handle: RecordedEvent[] = []
  const park: NewParkedEvent[] = []
  const heldUp = new Set<string>()
  for (const event of events) {
    const aside = asideOf(event)
    if (aside === undefined && parked.count === 0 && heldUp.size === 0) {
      handle.push(event)
      continue
    }
    const sequences = sequencesOf(event)
    const waits = parked.holdUp(sequences) || sequences.some((sequence) => heldUp.has(sequence))
    if (aside === undefined && !waits) {
      handle.push(event)
      continue
    }
    park.push(...parkedEvents(event, sequences, aside))
    for (const sequence of sequences) heldUp.add(sequence)
  }
  return { handle, park }
}

/** What is written down of an event that is put aside, in each of its sequences. */
export function parkedEvents(event: RecordedEvent, sequences: readonly string[], aside?: PutAside): readonly NewParkedEvent[] {
  const { position, part, type, stream } = event
  return sequences.map((sequence) => ({
    sequence,
    position,
    part,
    type,
    stream,
    failure: aside?.failure,
    retryIn: aside?.retryIn,
  }))
}
