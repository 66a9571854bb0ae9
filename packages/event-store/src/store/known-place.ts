import { LogRewoundError } from '../errors/log-rewound-error.js'

/** A place in the log. */
export interface LogPlace {
  readonly incarnation: string
  /** 0 before the first event. */
  readonly position: number
  /** The id of the event there; undefined where it is not known. */
  readonly eventId: string | undefined
}

/** A log as it is found, looked at where a place was known. */
export interface FoundLog {
  readonly incarnation: string
  /** The last event's position, 0 for an empty log. */
  readonly head: number
  /** The id of the event at the known position; undefined where none is there. */
  readonly eventId: string | undefined
}

/** The highest place of the log that a process was told of as durable. A log that goes on from there is still the same. */
export class KnownPlace {
  private position = 0
  private eventId: string | undefined

  constructor(
    private readonly adapter: string,
    private readonly incarnation: string,
  ) {}

  /** Something durable was acknowledged or given out. */
  note(position: number, eventId?: string): void {
    if (position > this.position) {
      this.position = position
      this.eventId = eventId
    } else if (position === this.position) this.eventId ??= eventId
  }

  get now(): LogPlace {
    const { incarnation, position, eventId } = this
    return { incarnation, position, eventId }
  }

  /**
   * Compares what is found with what was known when one began to look.
   *
   * @returns undefined where the log goes on from there; a hard delete may have taken the event itself, but never the last position
   */
  compare(known: LogPlace, found: FoundLog): LogRewoundError | undefined {
    const why = whyRewound(known, found)
    return why === undefined ? undefined : new LogRewoundError(this.adapter, known, found, why)
  }
}

function whyRewound(known: LogPlace, found: FoundLog): string | undefined {
  if (found.incarnation !== known.incarnation) {
    return `its incarnation was ${known.incarnation} and is ${found.incarnation}`
  }
  if (found.head < known.position) return `it reached position ${known.position} and ends at ${found.head}`
  if (known.eventId === undefined || found.eventId === undefined || found.eventId === known.eventId) return undefined
  return `position ${known.position} had the event ${known.eventId} and has ${found.eventId}`
}
