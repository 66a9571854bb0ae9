import {
  type EventStore,
  type EventTypes,
  eventClassOf,
  eventsOf,
  type FailedAttempt,
  InvalidOptionError,
  type Logger,
  type ParkedEvent,
  type ParkedEventName,
  type ParkingDecision,
  type RecordedEvent,
  type Runtime,
  refuseUnknownOptions,
  UnknownParkedEventError,
} from '@writ/event-store'
import { DecisionPendingError } from '../errors/parking-errors.js'
import { editedText, parkedEventOf } from './parked-event.js'

/** Milliseconds from one look to the next while someone waits for a decision to be carried out. */
const LOOK = { first: 5, longest: 250 }
const PAGE = 500
/** How many events are read at a time for a list. */
const AT_ONCE = 4

/** An event that is put aside, with what is known of it. */
export interface ParkedListing extends ParkedEventName {
  /** As it would be handled, edits included; undefined where the log has it no more, or it can't be read. */
  readonly event: RecordedEvent | undefined
  /** What went wrong when, oldest first; none where it only waits behind an earlier one of its sequence. */
  readonly attempts: readonly FailedAttempt[]
  readonly parkedAt: Date
  /** Milliseconds until it is tried again by itself; undefined: not before someone says so. */
  readonly retryIn: number | undefined
  /** What someone has decided, and was not carried out yet. */
  readonly decision: ParkingDecision | undefined
  /** Whether other data than the log's are to be handled. */
  readonly isEdited: boolean
}

/** All parked events of a handler, those of a sequence, or a single one. */
export type WhichParked = 'all' | { readonly sequence: string; readonly position?: number; readonly part?: number }

export interface ParkedSelection {
  readonly sequence?: string
  /** Only beyond this position: that of the last one seen. */
  readonly after?: number
  /** How many at most, about: 100 by default, 1,000 at most. */
  readonly limit?: number
}

export interface DecisionOptions {
  /** Whether to wait until the decision was carried out, in whatever process the handler runs: false by default. */
  readonly wait?: boolean
  /** With `wait`: milliseconds, 5,000 by default. */
  readonly timeout?: number
  /** Who decides, for the log. */
  readonly actor?: string
}

export interface Decided {
  /** How many events the decision concerned. */
  readonly events: number
  /** With `wait`: how many of them are parked still, because their handler has failed again or one before them did. */
  readonly left?: number
}

interface Surroundings {
  readonly store: EventStore
  readonly types: EventTypes
  readonly runtime: Runtime
  readonly logger: Logger
  /** Tells the run in this process, if there is one, that there is something to do. */
  onDecided(): void
}

/**
 * The events that one handler has put aside. People look at them and decide; the process that runs the handler carries it out, in the order
 * of each sequence.
 */
export class Parked {
  constructor(
    /** The subscription's name. */
    readonly handler: string,
    private readonly surroundings: Surroundings,
  ) {}

  /** In the order of the log, page by page. */
  async list(selection: ParkedSelection = {}): Promise<readonly ParkedListing[]> {
    refuseUnknownOptions('parked.list', selection, ['sequence', 'after', 'limit'])
    const rows = await this.surroundings.store.parked.list(this.handler, selection)
    const listings: ParkedListing[] = []
    // A few reads at a time: whoever looks should not take all connections.
    for (let done = 0; done < rows.length; done += AT_ONCE) {
      listings.push(...(await Promise.all(rows.slice(done, done + AT_ONCE).map((row) => this.listingOf(row)))))
    }
    return listings
  }

  /**
   * Lets other data be handled in the place of an event's own; the log stays as it is.
   *
   * @param changes the fields that change, checked by the schema of the event's class; null takes earlier edits back
   * @throws UnknownParkedEventError when it is not parked any more, or its event is gone
   * @throws InvalidMessageError (`invalid-event`) when what would be handled is no such event
   * @example await parked.edit(listed, { email: 'ann@example.com' })
   */
  async edit(
    name: ParkedEventName,
    changes: Readonly<Record<string, unknown>> | null,
    { actor }: { readonly actor?: string } = {},
  ): Promise<void> {
    const { store, logger } = this.surroundings
    if (typeof name?.sequence !== 'string') throw new InvalidOptionError('parked.edit', 'name', 'must be an event of the list')
    const { sequence, position, part } = name
    if (changes === null) await store.parked.edit(this.handler, { sequence, position, part }, undefined)
    else await store.parked.edit(this.handler, { sequence, position, part }, await this.edited(name, changes))
    const facts = { subscription: this.handler, sequence, position, part, fields: changes && Object.keys(changes), actor }
    logger.info(facts, changes ? 'a parked event was edited' : 'the edits of a parked event were taken back')
  }

  /**
   * Has events tried again: each sequence in its order, and it goes on where that succeeds.
   *
   * @throws DecisionPendingError (`decision-pending`) with `wait`, when the time is up; the decision stands
   * @example await app.parked('withdrawal-mails').retry({ sequence: 'account-42' }, { wait: true })
   */
  retry(which: WhichParked, options?: DecisionOptions): Promise<Decided> {
    return this.decide('retry', which, options)
  }

  /**
   * Takes events out for good: they will never be handled. What stands behind them goes on.
   *
   * @throws DecisionPendingError (`decision-pending`) with `wait`, when the time is up; the decision stands
   */
  discard(which: WhichParked, options?: DecisionOptions): Promise<Decided> {
    return this.decide('discard', which, options)
  }

  private async decide(decision: ParkingDecision, which: WhichParked, options: DecisionOptions = {}): Promise<Decided> {
    refuseUnknownOptions(`parked.${decision}`, options, ['wait', 'timeout', 'actor'])
    const { store, logger, onDecided } = this.surroundings
    const { wait = false, timeout = 5_000, actor } = options
    const fitting = fittingOf(`parked.${decision}`, which)
    const concerned = wait ? await this.rows(fitting) : []
    const events = await store.parked.decide(this.handler, decision, fitting)
    const facts = { subscription: this.handler, decision, which, events, ...(actor !== undefined && { actor }) }
    logger.info(facts, 'someone has decided on parked events')
    onDecided()
    return wait ? { events, left: await this.untilCarriedOut(decision, concerned, fitting, timeout) } : { events }
  }

  private async untilCarriedOut(
    decision: ParkingDecision,
    concerned: readonly ParkedEvent[],
    fitting: Partial<ParkedEventName>,
    timeout: number,
  ): Promise<number> {
    const { runtime } = this.surroundings
    const end = runtime.monotonic() + timeout
    for (let pause = LOOK.first; ; pause = Math.min(pause * 2, LOOK.longest)) {
      const rows = (await this.rows(fitting)).filter((row) => concerned.some((one) => isSame(one, row)))
      const failedAgain = rows.filter((row) => row.decision === undefined)
      // What stands behind one that has failed again is not tried before that one.
      const open = rows.filter((row) => row.decision !== undefined && !failedAgain.some((one) => isBefore(one, row)))
      if (open.length === 0) return rows.length
      if (runtime.monotonic() >= end) throw new DecisionPendingError(this.handler, decision, open.length, timeout)
      await runtime.sleep(pause)
    }
  }

  private async rows({ sequence, ...place }: Partial<ParkedEventName>): Promise<readonly ParkedEvent[]> {
    const { store } = this.surroundings
    const { position } = place
    const found: ParkedEvent[] = []
    // What stands at one position comes whole, whatever the limit.
    const limit = position === undefined ? PAGE : 1
    for (let after = Math.max(0, (position ?? 0) - 1); ; after = found.at(-1)!.position) {
      const page = await store.parked.list(this.handler, { after, limit, ...(sequence !== undefined && { sequence }) })
      found.push(...page)
      if (position !== undefined || page.length < PAGE) break
    }
    return found.filter(({ position, part }) => (place.position ?? position) === position && (place.part ?? part) === part)
  }

  private async edited(name: ParkedEventName, changes: Readonly<Record<string, unknown>>): Promise<string> {
    const row = (await this.rows(name)).at(0)
    const event = row && (await this.eventOf(row))
    if (!event) throw new UnknownParkedEventError(this.handler, name)
    const eventClass = eventClassOf(event.data)
    const changed = new (eventClass as unknown as new (data: object) => RecordedEvent['data'])({ ...event.data, ...changes })
    return editedText(changed)
  }

  private async listingOf(row: ParkedEvent): Promise<ParkedListing> {
    const { sequence, position, part, failure, parkedAt, retryIn, decision, edited } = row
    const event = await this.eventOf(row)
    const isEdited = edited !== undefined
    return { sequence, position, part, event, attempts: failure?.attempts ?? [], parkedAt, retryIn, decision, isEdited }
  }

  private async eventOf(row: ParkedEvent): Promise<RecordedEvent | undefined> {
    const { store, types } = this.surroundings
    const { position } = row
    const { value } = await eventsOf(store.readAll({ after: position - 1, upTo: position, limit: 1, pageSize: 1 })).next()
    if (!value) return undefined
    try {
      return parkedEventOf(value, types, row)
    } catch {
      return undefined
    }
  }
}

// What names no sequence must not stand for all of them: a misspelt one would discard whatever is parked.
function fittingOf(subject: string, which: WhichParked): Partial<ParkedEventName> {
  if (which === 'all') return {}
  if (typeof which?.sequence !== 'string')
    throw new InvalidOptionError(
      subject,
      'which',
      "must be 'all', a sequence such as { sequence: 'account-42' }, or an event of the list",
    )
  return { sequence: which.sequence, ...placeOf(which) }
}

function placeOf({ position, part }: { readonly position?: number; readonly part?: number }): Partial<ParkedEventName> {
  return { ...(position !== undefined && { position }), ...(part !== undefined && { part }) }
}

const isSame = (one: ParkedEventName, other: ParkedEventName): boolean =>
  one.sequence === other.sequence && one.position === other.position && one.part === other.part

const isBefore = (one: ParkedEventName, other: ParkedEventName): boolean =>
  one.sequence === other.sequence && (one.position - other.position || one.part - other.part) < 0
