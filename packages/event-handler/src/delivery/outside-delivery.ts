// For effects outside of the store: an event is handled, later its checkpoint is stored; so each event is handled at least once.

import type { ParkedEvent, RecordedEvent } from '@writ/event-store'
import { AsideWithCheckpoint } from '../parking/aside-with-checkpoint.js'
import type { EventPlace } from '../parking/parked-sequences.js'
import type { Parking } from '../parking/parking.js'
import type { PutAside } from '../parking/parking-plan.js'
import { Retries, type RetryWay } from '../parking/retries.js'
import type { Portion } from '../reading/log-entry.js'
import { Attempts } from './attempts.js'
import { callHandler } from './call-handler.js'
import type { CheckpointSaver } from './checkpoint-saver.js'
import { type Delivery, eventsFor, type Progress } from './delivery.js'
import type { Holding } from './holding.js'

/** Milliseconds after which handlers that never wait let the rest of the process have its turn. */
const TURN = 10

export class OutsideDelivery implements Delivery, RetryWay {
  private readonly holding: Holding
  private readonly aside: AsideWithCheckpoint
  private readonly retries: Retries

  constructor(
    private readonly parking: Parking,
    private readonly saver: CheckpointSaver,
    private readonly progress: Progress,
  ) {
    this.holding = parking.holding
    this.aside = new AsideWithCheckpoint(parking, saver)
    this.retries = new Retries(parking, this)
  }

  get dueAt(): number {
    return this.retries.dueAt
  }

  async prepare(): Promise<void> {}

  check(): number {
    return this.holding.check()
  }

  async work(): Promise<void> {
    if (this.holding.runtime.monotonic() >= this.retries.dueAt) await this.retries.look()
  }

  decided(): void {
    this.retries.wake()
  }

  async end(): Promise<void> {}

  async deliver({ entries, upTo }: Portion): Promise<void> {
    let turnSince = this.holding.check()
    for (const entry of entries) {
      const now = this.holding.check()
      let finished = now
      const events = eventsFor(this.holding.definition, entry)
      if (events.length === 0) continue
      for (const event of events) {
        // What one stored event became is handled in one go, for the checkpoint can't stand between its parts.
        if (event !== events[0]) this.holding.checkLease()
        // Awaited only where there is something to wait for: a promise an event is what makes catching up slow.
        const unfinished = this.handle(event)
        if (!unfinished) continue
        await unfinished
        finished = this.holding.runtime.monotonic()
      }
      this.saver.handled(entry.position)
      this.progress(entry.position)
      if (finished >= this.saver.dueAt) await this.saver.saveInPassing()
      if (now >= this.retries.dueAt) await this.retries.look()
      if (now - turnSince > TURN) {
        await this.holding.runtime.sleep(0)
        turnSince = this.holding.check()
      }
    }
    this.saver.passed(upTo)
    this.progress(upTo)
  }

  async retry(event: RecordedEvent, attempts: Attempts): Promise<'done' | 'skip' | PutAside> {
    for (;;) {
      try {
        await callHandler(this.holding, event, attempts.attempt)
        break
      } catch (error) {
        const outcome = await attempts.failed(error)
        if (outcome !== 'again') return outcome
      }
    }
    await this.unpark(event)
    return 'done'
  }

  async unpark(place: EventPlace): Promise<void> {
    this.aside.takeOut(place)
    if (this.holding.runtime.monotonic() >= this.saver.dueAt) await this.saver.save()
  }

  async parkAgain(event: RecordedEvent, aside: PutAside): Promise<void> {
    this.aside.putAgain(event, aside)
  }

  isUnsaved(parked: ParkedEvent): boolean {
    return this.aside.isUnsaved(parked)
  }

  save(): Promise<void> {
    return this.saver.save()
  }

  private handle(event: RecordedEvent): Promise<void> | undefined {
    if (this.parking.holdsUp(event)) {
      this.aside.put(event)
      return undefined
    }
    let outcome: Promise<unknown> | undefined
    try {
      outcome = callHandler(this.holding, event, 1)
    } catch (error) {
      outcome = Promise.reject(error)
    }
    return outcome && this.finish(event, outcome)
  }

  private async finish(event: RecordedEvent, outcome: Promise<unknown> | undefined): Promise<void> {
    let attempts: Attempts | undefined
    for (;;) {
      try {
        await outcome
        break
      } catch (error) {
        attempts ??= new Attempts(event, this.holding)
        const next = await attempts.failed(error)
        if (next === 'skip') break
        if (next !== 'again') {
          this.aside.put(event, next)
          break
        }
      }
      outcome = this.again(event, attempts.attempt)
    }
    attempts?.over()
  }

  private async again(event: RecordedEvent, attempt: number): Promise<void> {
    await callHandler(this.holding, event, attempt)
  }
}
