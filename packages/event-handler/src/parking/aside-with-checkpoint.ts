import type { NewParkedEvent, ParkedEventName, RecordedEvent } from '@writ/event-store'
import type { CheckpointSaver } from '../delivery/checkpoint-saver.js'
import type { EventPlace } from './parked-sequences.js'
import type { Parking } from './parking.js'
import type { PutAside } from './parking-plan.js'

/** Puts events aside where effects are outside of the store: known at once, and written down in the step that stores the checkpoint. */
export class AsideWithCheckpoint {
  constructor(
    private readonly parking: Parking,
    private readonly saver: CheckpointSaver,
  ) {}

  /**
   * @param aside why; left out for one that waits behind another
   * @throws Interruption when too many are parked
   */
  put(event: RecordedEvent, aside?: PutAside): void {
    const events = this.parking.eventsFor(event, aside)
    this.parking.admit(events.length)
    this.note(events)
  }

  /** One that was parked has failed again. */
  putAgain(event: RecordedEvent, aside: PutAside): void {
    this.note(this.parking.eventsAgain(event, aside))
  }

  takeOut(place: EventPlace): void {
    this.saver.unpark(this.parking.remove(place))
  }

  /** Whether the store does not know yet what is known here. */
  isUnsaved(name: ParkedEventName): boolean {
    return this.saver.isUnsaved(name)
  }

  private note(events: readonly NewParkedEvent[]): void {
    this.parking.add(events)
    this.saver.park(events)
  }
}
