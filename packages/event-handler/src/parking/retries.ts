// Parked events whose time has come, or on which someone has decided: tried again in the order of their sequences.
//
//   parked ── its time has come, or someone says retry ──▶ its handler ── succeeds ──▶ gone, and what stands behind it is next
//      │ ▲                                                    └── fails: the error policy is asked again ──┐
//      │ └────────────────────────────────────────────────────────────────────────────────────────────────┘
//      └── someone says discard, or the log has it no more ──▶ gone

import { eventsOf, type ParkedEvent, type RecordedEvent } from '@writ/event-store'
import { Attempts } from '../delivery/attempts.js'
import { Interruption } from '../delivery/interruption.js'
import { parkedEventOf } from './parked-event.js'
import type { EventPlace } from './parked-sequences.js'
import type { Parking } from './parking.js'
import type { PutAside } from './parking-plan.js'

const PAGE = 500
/** Milliseconds from one look to the next while anything is parked: what others decide is seen after it, where no hint tells of it. */
const LOOK = 1_000
/** The same while what stood behind others is being written down. */
const SOON = 20

/** What a delivery does with a parked event. */
export interface RetryWay {
  /** Lets the handler try, and takes the event out when it succeeds; `attempts` tells what follows when it fails. */
  retry(event: RecordedEvent, attempts: Attempts): Promise<'done' | 'skip' | PutAside>
  /** Takes an event out. */
  unpark(place: EventPlace): Promise<void>
  /** Writes down that it has failed again. */
  parkAgain(event: RecordedEvent, aside: PutAside): Promise<void>
  /** Whether the store does not know yet what is known here. */
  isUnsaved(parked: ParkedEvent): boolean
  /** Stores what was put aside before, where that can be done now. */
  save(): Promise<void>
}

export class Retries {
  /** When it wants to look, in monotonic milliseconds; infinity while nothing is parked. */
  dueAt = Number.POSITIVE_INFINITY

  constructor(
    private readonly parking: Parking,
    private readonly way: RetryWay,
    /** Told when it wants to look earlier than it wanted before. */
    private readonly onDue: () => void = () => {},
  ) {
    parking.onParked = (retryIn = LOOK) => this.lookIn(Math.min(retryIn, LOOK))
  }

  /** Someone has decided: there is something to do now. */
  wake(): void {
    if (this.parking.sequences.count > 0) this.lookIn(0)
  }

  /**
   * Does what is due.
   *
   * @throws Interruption
   */
  async look(): Promise<void> {
    this.dueAt = Number.POSITIVE_INFINITY
    const { sequences } = this.parking
    if (sequences.count === 0) return
    await this.way.save()
    const before = sequences.count
    await this.tryDue()
    if (sequences.count === 0) return
    const hasMoved = sequences.count < before
    this.lookIn(hasMoved || sequences.hasUnblocked ? SOON : LOOK)
  }

  private lookIn(milliseconds: number): void {
    const at = this.parking.holding.runtime.monotonic() + milliseconds
    if (at >= this.dueAt) return
    this.dueAt = at
    this.onDue()
  }

  private async tryDue(): Promise<void> {
    const { holding, sequences } = this.parking
    const { store, definition } = holding
    const woken = !sequences.hasUnblocked
    for (let after = 0; ; ) {
      const page = await holding.untilAnswered('read what is due', () =>
        store.parked.due(definition.name, { after, limit: PAGE, woken }),
      )
      for (const parked of page) {
        holding.check()
        if (this.isMine(parked)) await this.carryOut(parked)
      }
      if (page.length < PAGE) return
      after = page.at(-1)!.position
    }
  }

  /** Those of other partitions are due for others. */
  private isMine(parked: ParkedEvent): boolean {
    return this.parking.sequences.has(parked) && !this.way.isUnsaved(parked)
  }

  private async carryOut(parked: ParkedEvent): Promise<void> {
    const { holding, sequences } = this.parking
    const facts = { subscription: parked.subscription, sequence: parked.sequence, position: parked.position, type: parked.type }
    if (parked.decision === 'discard') {
      await this.way.unpark(parked)
      holding.logger.info(facts, 'a parked event was discarded')
      return
    }
    // What stands before it has failed again, in this sequence or in another one.
    if (!sequences.isFirst(parked)) return
    const event = await this.read(parked)
    if (event === undefined) {
      await this.way.unpark(parked)
      holding.logger.warn(facts, 'a parked event is dropped: the log has it no more, or nothing handles it any more')
      return
    }
    const attempts = new Attempts(event, holding, parked.failure?.attempts ?? [])
    const outcome = await this.way.retry(event, attempts)
    attempts.over()
    if (outcome === 'done') holding.logger.info({ ...facts, attempt: attempts.attempt }, 'a parked event was handled')
    else if (outcome === 'skip') await this.way.unpark(parked)
    else await this.way.parkAgain(event, outcome)
  }

  private async read(parked: ParkedEvent): Promise<RecordedEvent | undefined> {
    const { holding, types } = this.parking
    const { store, definition } = holding
    const { position } = parked
    const read = () => eventsOf(store.readAll({ after: position - 1, upTo: position, limit: 1, pageSize: 1 })).next()
    const { value: stored } = await holding.untilAnswered('read a parked event', read)
    if (!stored) return undefined
    try {
      const event = parkedEventOf(stored, types, parked)
      return event && definition.handlers.has(event.type) ? event : undefined
    } catch (error) {
      // To pass over an event that can't be read would lose it.
      throw new Interruption('given-up', error)
    }
  }
}
