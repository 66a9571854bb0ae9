import type { EventTypes, NewParkedEvent, ParkedEventName, RecordedEvent } from '@writ/event-store'
import { sequencesOf } from '../definition/sequences.js'
import type { Holding } from '../delivery/holding.js'
import { Interruption } from '../delivery/interruption.js'
import { TooManyParkedEventsError } from '../errors/parking-errors.js'
import { type EventPlace, ParkedSequences } from './parked-sequences.js'
import { type ParkingPlan, type PutAside, parkedEvents, parkingPlan } from './parking-plan.js'

const PAGE = 1_000
/** How many events of one partition may be parked, unless the definition says otherwise. */
const MOST_PARKED = 10_000

/** What is put aside while a lease is held: read when it is taken, and kept up to date by whoever delivers. */
export class Parking {
  readonly sequences = new ParkedSequences()
  /** Called when something was put aside: milliseconds until it wants to be tried again, if it does by itself. */
  onParked: (retryIn: number | undefined) => void = () => {}

  constructor(
    readonly holding: Holding,
    readonly types: EventTypes,
  ) {}

  /** @throws Interruption */
  async load(): Promise<void> {
    const { store, definition } = this.holding
    for (let after = 0; ; ) {
      const page = await this.holding.untilAnswered('read what is parked', () =>
        store.parked.list(definition.name, { after, limit: PAGE }),
      )
      for (const { sequence, position, part, failure } of page) {
        if (this.holding.isOwn(sequence)) this.sequences.add({ sequence, position, part, hasFailed: failure !== undefined })
      }
      if (page.length < PAGE) break
      after = page.at(-1)!.position
    }
    this.report()
    if (this.sequences.count > 0) this.onParked(0)
  }

  /** Whether an event has to wait behind one that is parked. */
  holdsUp(event: RecordedEvent): boolean {
    return this.sequences.count > 0 && this.sequences.holdUp(this.sequencesOf(event))
  }

  plan(events: readonly RecordedEvent[], asideOf?: (event: RecordedEvent) => PutAside | undefined): ParkingPlan {
    return parkingPlan(events, this.sequences, (event) => this.sequencesOf(event), asideOf)
  }

  /** What is written down of an event that is put aside, or waits behind one that is. */
  eventsFor(event: RecordedEvent, aside?: PutAside): readonly NewParkedEvent[] {
    return parkedEvents(event, this.sequencesOf(event), aside)
  }

  /** The same of one that was parked and has failed again: its sequences are those that it was parked in, also if it was edited. */
  eventsAgain(event: RecordedEvent, aside: PutAside): readonly NewParkedEvent[] {
    return parkedEvents(event, this.sequences.ofEvent(event), aside)
  }

  /** @throws Interruption when so many more are too many */
  admit(events: number): void {
    const { definition, own } = this.holding
    const { count } = this.sequences
    const most = definition.mostParked ?? MOST_PARKED
    if (count + events > most) throw new Interruption('given-up', new TooManyParkedEventsError(definition.name, count, most, own))
  }

  add(events: readonly NewParkedEvent[]): void {
    for (const { sequence, position, part, failure, retryIn } of events) {
      this.sequences.add({ sequence, position, part, hasFailed: failure !== undefined })
      if (failure) this.onParked(retryIn)
    }
    this.report()
  }

  /** An event is done with: what stood behind it may go on. */
  remove(place: EventPlace): readonly ParkedEventName[] {
    const names = this.sequences.remove(place)
    this.report()
    return names
  }

  /** @throws Interruption: an event whose order nobody knows stops the subscription */
  private sequencesOf(event: RecordedEvent): readonly string[] {
    try {
      return sequencesOf(this.holding.definition, event).filter((sequence) => this.holding.isOwn(sequence))
    } catch (error) {
      throw new Interruption('given-up', error)
    }
  }

  private report(): void {
    this.holding.report.parked = this.sequences.count
  }
}
