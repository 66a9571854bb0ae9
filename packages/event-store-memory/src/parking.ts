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
  edited: string | undefined
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
    for (const event of inOrder(this.kept.values())) {
      const sequence = sequences.get(event.sequence)
      if (sequence) sequence.push(event)
      else sequences.set(event.sequence, [event])
    }
    return sequences
  }

  due(now: number, woken: boolean): readonly ParkedEvent[] {
    const held = new Set<string>()
    const due: ParkedEvent[] = []
    for (const event of inOrder(woken ? this.ofWoken(now) : this.kept.values())) {
      if (!isReady(event, now)) held.add(event.sequence)
      if (!held.has(event.sequence) || event.decision === 'discard') due.push(this.told(event, now))
    }
    return due
  }

  all(now: number): readonly ParkedEvent[] {
    return inOrder(this.kept.values()).map((event) => this.told(event, now))
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
        edited: before?.edited,
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
  edit(name: ParkedEventName, edited: string | undefined): boolean {
    const { position, part } = name
    if (!this.kept.has(keyOfParked(name))) return false
    for (const event of this.kept.values()) if (event.position === position && event.part === part) event.edited = edited
    return true
  }

  clear(): void {
    this.kept.clear()
  }

  rewind(position: number): void {
    for (const [key, event] of this.kept) if (event.position > position) this.kept.delete(key)
  }

  /** All events of the sequences in which a time has come, or someone has decided. */
  private ofWoken(now: number): readonly Kept[] {
    const woken = new Set<string>()
    for (const event of this.kept.values()) if (isWoken(event, now)) woken.add(event.sequence)
    return woken.size === 0 ? [] : [...this.kept.values()].filter(({ sequence }) => woken.has(sequence))
  }

  private told({ sequence, position, part, type, stream, failure, ...kept }: Kept, now: number): ParkedEvent {
    const { parkedAt, retryAt, decision, edited } = kept
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
      edited,
    }
  }
}

function inOrder(events: Iterable<Kept>): readonly Kept[] {
  return [...events].sort(
    (one, other) =>
      one.position - other.position ||
      one.part - other.part ||
      Buffer.compare(Buffer.from(one.sequence), Buffer.from(other.sequence)),
  )
}

/** Whether it may be handled as soon as nothing stands before it. */
function isReady(event: Kept, now: number): boolean {
  return event.failure === undefined || isWoken(event, now)
}

function isWoken({ decision, retryAt }: Kept, now: number): boolean {
  return decision !== undefined || (retryAt !== undefined && retryAt <= now)
}
