// For effects outside of the store, many events at a time: a batch is handled, later its checkpoint is stored. A batch that fails is handled
// one by one, so that only the culprit is held up.

import type { RecordedEvent } from '@writ/event-store'
import type { Batch } from '../definition/subscription-definition.js'
import { describeError, isInfrastructureError } from '../infrastructure-error.js'
import type { Parking } from '../parking/parking.js'
import type { LogEntry, Portion } from '../reading/log-entry.js'
import type { CheckpointSaver } from './checkpoint-saver.js'
import { type Delivery, eventsFor, type Progress } from './delivery.js'
import { runBatch } from './handling.js'
import { type Holding, isLeaseGone } from './holding.js'
import { Interruption } from './interruption.js'

const MOST_EVENTS = 1_000

export class BatchDelivery implements Delivery {
  private readonly size: number
  private readonly holding: Holding

  constructor(
    private readonly parking: Parking,
    private readonly batch: Batch,
    private readonly saver: CheckpointSaver,
    private readonly progress: Progress,
    private readonly oneByOne: Delivery,
  ) {
    this.size = batch.size ?? MOST_EVENTS
    this.holding = parking.holding
  }

  get dueAt(): number {
    return this.oneByOne.dueAt
  }

  async prepare(): Promise<void> {}

  check(): number {
    return this.holding.check()
  }

  work(): Promise<void> {
    return this.oneByOne.work()
  }

  decided(): void {
    this.oneByOne.decided()
  }

  end(): Promise<void> {
    return this.oneByOne.end()
  }

  async deliver({ entries, upTo }: Portion): Promise<void> {
    for (let done = 0; done < entries.length; ) {
      const batch = entries.slice(done, done + this.size)
      done += batch.length
      this.holding.check()
      await this.handle(batch)
      if (this.holding.runtime.monotonic() >= this.saver.dueAt) await this.saver.saveInPassing()
    }
    this.saver.passed(upTo)
    this.progress(upTo)
  }

  private async handle(entries: readonly LogEntry[]): Promise<void> {
    const events = entries.flatMap((entry) => eventsFor(this.holding.definition, entry))
    const { handle, park } = this.parking.plan(events)
    const { position } = entries.at(-1)!
    this.parking.admit(park.length)
    if (handle.length < 2 || !(await this.isHandledTogether(handle))) return this.oneByOne.deliver({ entries, upTo: position })
    this.parking.add(park)
    this.saver.park(park)
    this.saver.handled(position, entries.length)
    this.progress(position)
  }

  private async isHandledTogether(events: readonly RecordedEvent[]): Promise<boolean> {
    const { holding, batch } = this
    const { definition, signal, state, logger } = holding
    for (let outages = 1; ; outages++) {
      try {
        await runBatch(definition, batch.handle, { events, subscription: definition.name, attempt: 1, signal, state })
        if (outages > 1) holding.recovered('handle a batch')
        return true
      } catch (error) {
        if (isLeaseGone(error)) throw new Interruption('lease-gone', error)
        holding.check()
        if (!isInfrastructureError(error)) {
          const facts = { subscription: definition.name, events: events.length, error: describeError(error) }
          logger.warn(facts, 'a batch failed; its events are handled one by one')
          return false
        }
        await holding.outage('handle a batch', outages, error)
      }
    }
  }
}
