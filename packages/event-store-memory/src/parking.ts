import {
  type CheckedChanges,
  keyOfParked,
  type NewParkedEvent,
  type ParkedEvent,
  type ParkedEventName,
  type ParkingDecision,
} from '@writ/event-store'

/** An event that is put aside, as it is kept. */
interface Kept extends NewParkedEvent {
  readonly parkedAt: number
  /** Undefined: not by itself. */
  readonly retryAt: number | undefined
  decision: ParkingDecision | undefined
  editedData: string | undefined
}

/** What a subscription has put aside. */
export class Parking {
  private readonly kept = new Map<string, Kept>()

  constructor(private readonly subscription: string) {}

  get count(): number {
    return this.kept.size
  }

  /** Each with its events in their order. */
  sequences(): ReadonlyMap<string, readonly Kept[]> {
    const sequences = new Map<string, Kept[]>()
    for (const event of this.inOrder()) {
      const sequence = sequences.get(event.sequence)
      if (sequence) sequence.push(event)
      else sequences.set(event.sequence, [event])
    }
    return sequences
  }

  due(now: number): readonly ParkedEvent[] {
    const due = new Set<Kept>()
    for (const [, events] of this.sequences()) {
      const held = events.findIndex((event) => !isReady(event, now))
      const flowing = held === -1 ? events.length : held
      for (const [place, event] of events.entries()) if (place < flowing || event.decision === 'discard') due.add(event)
    }
    return this.inOrder()
      .filter((event) => due.has(event))
      .map((event) => this.told(event, now))
  }

  all(now: number): readonly ParkedEvent[] {
    return this.inOrder().map((event) => this.told(event, now))
  }

  change({ park, unpark }: CheckedChanges, now: number): void {
    for (const name of unpark) this.kept.delete(keyOfParked(name))
    for (const event of structuredClone(park)) {
      const key = keyOfParked(event)
      const before = this.kept.get(key)
      const retryAt = event.retryIn === undefined ? undefined : now + event.retryIn
      this.kept.set(key, {
        ...event,
        parkedAt: before?.parkedAt ?? now,
        retryAt,
        decision: before?.decision === 'discard' ? 'discard' : undefined,
        editedData: before?.editedData,
      })
    }
  }

  decide(decision: ParkingDecision, { sequence, position, part }: Partial<ParkedEventName>): number {
    const concerned = [...this.kept.values()].filter(
      (event) =>
        (sequence ?? event.sequence) === event.sequence &&
        (position ?? event.position) === event.position &&
        (part ?? event.part) === event.part,
    )
    for (const event of concerned) event.decision = decision
    return concerned.length
  }

  /** @returns whether it is parked */
  edit(name: ParkedEventName, data: string | undefined): boolean {
    const event = this.kept.get(keyOfParked(name))
    if (event) event.editedData = data
    return event !== undefined
  }

  clear(): void {
    this.kept.clear()
  }

  rewind(position: number): void {
    for (const [key, event] of this.kept) if (event.position > position) this.kept.delete(key)
  }

  private inOrder(): readonly Kept[] {
    return [...this.kept.values()].sort(
      (one, other) =>
        one.position - other.position ||
        one.part - other.part ||
        Buffer.compare(Buffer.from(one.sequence), Buffer.from(other.sequence)),
    )
  }

  private told({ sequence, position, part, type, stream, failure, ...kept }: Kept, now: number): ParkedEvent {
    const { parkedAt, retryAt, decision, editedData } = kept
    return {
      subscription: this.subscription,
      sequence,
      position,
      part,
      type,
      stream,
      failure,
      parkedAt: new Date(parkedAt),
      retryIn: retryAt === undefined ? undefined : Math.max(0, retryAt - now),
      decision,
      editedData,
    }
  }
}

/** Whether it may be handled as soon as nothing stands before it. */
function isReady({ failure, decision, retryAt }: Kept, now: number): boolean {
  return failure === undefined || decision !== undefined || (retryAt !== undefined && retryAt <= now)
}
