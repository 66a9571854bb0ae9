import {
  checkDecision,
  checkEdit,
  checkName,
  type DueOptions,
  type ParkedEvent,
  type ParkedEventName,
  type ParkedEvents,
  type ParkedPage,
  type ParkingDecision,
  parkedPage,
  UnknownParkedEventError,
} from '@writ/event-store'
import type { InMemoryLog } from './in-memory-log.js'
import type { Parking } from './parking.js'
import type { Ready } from './ready.js'

export class InMemoryParkedEvents implements ParkedEvents {
  constructor(
    private readonly log: InMemoryLog,
    private readonly ready: Ready,
  ) {}

  async sequences(subscription: string): Promise<readonly string[]> {
    await this.ready('list parked sequences')
    checkName('parked.sequences', 'subscription', subscription)
    return [...(this.parking(subscription)?.sequences().keys() ?? [])]
  }

  async due(subscription: string, options?: ParkedPage & DueOptions): Promise<readonly ParkedEvent[]> {
    await this.ready('list parked events')
    const { after, limit, woken } = parkedPage('parked.due', subscription, options)
    const events = this.parking(subscription)?.due(this.log.now(), woken) ?? []
    return firstOf(
      events.filter(({ position }) => position > after),
      limit,
    )
  }

  async list(subscription: string, options?: ParkedPage & { readonly sequence?: string }): Promise<readonly ParkedEvent[]> {
    await this.ready('list parked events')
    const { after, limit, sequence } = parkedPage('parked.list', subscription, options)
    const events = this.parking(subscription)?.all(this.log.now()) ?? []
    const wanted = events.filter((event) => event.position > after && (sequence ?? event.sequence) === event.sequence)
    return firstOf(wanted, limit)
  }

  async decide(subscription: string, decision: ParkingDecision, which: Partial<ParkedEventName> = {}): Promise<number> {
    await this.ready('decide on parked events')
    checkDecision(subscription, decision, which)
    const concerned = this.parking(subscription)?.decide(decision, which) ?? 0
    if (concerned > 0) this.log.steered(subscription)
    return concerned
  }

  async edit(subscription: string, name: ParkedEventName, data: string | undefined): Promise<void> {
    await this.ready('edit a parked event')
    checkEdit(subscription, name, data)
    if (!this.parking(subscription)?.edit(name, data)) throw new UnknownParkedEventError(subscription, name)
  }

  private parking(subscription: string): Parking | undefined {
    return this.log.subscriptions.get(subscription)?.parking
  }
}

/** So many, and the others at the last one's position. */
function firstOf(events: readonly ParkedEvent[], limit: number): readonly ParkedEvent[] {
  const last = events[limit - 1]?.position
  return last === undefined ? events : events.filter(({ position }) => position <= last)
}
