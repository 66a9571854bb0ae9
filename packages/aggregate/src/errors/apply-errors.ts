import { thrownMessage, WritError } from '@writ/event-store'

/** Where an event stands, or would stand once it is stored. */
export interface EventPlace {
  readonly stream: string
  readonly version: number
  /** Undefined for an event that was just decided: it is not stored. */
  readonly position: number | undefined
}

function described({ stream, version, position }: EventPlace): string {
  return position === undefined
    ? `a new event, ${stream} at version ${version}, not stored`
    : `position ${position}, ${stream} at version ${version}`
}

/** An aggregate's function for an event threw: the state can't be told. */
export class ApplyFailedError extends WritError<'apply-failed'> {
  readonly stream: string
  readonly version: number
  readonly position: number | undefined

  constructor(
    readonly aggregate: string,
    readonly eventType: string,
    place: EventPlace,
    cause: unknown,
  ) {
    super(
      'apply-failed',
      `${aggregate} could not apply '${eventType}' (${described(place)}): ${thrownMessage(cause)}. ` +
        'Applying only notes what happened; it may neither refuse nor fail.',
      { cause },
    )
    this.stream = place.stream
    this.version = place.version
    this.position = place.position
  }
}

/** An aggregate's function for an event answered with a promise: states are made at once. */
export class AsyncApplyError extends WritError<'async-apply'> {
  constructor(
    readonly aggregate: string,
    readonly eventType: string,
  ) {
    super(
      'async-apply',
      `${aggregate} applies '${eventType}' asynchronously. Applying only notes what happened: make it synchronous, and wait for things while deciding.`,
    )
  }
}

/** An aggregate's function for an event does more than note what happened, or takes it from elsewhere than the event. */
export class ImpureApplyError extends WritError<'impure-apply'> {
  constructor(
    readonly aggregate: string,
    readonly eventType: string,
    /** Such as `looks at the clock`. */
    readonly what: string,
  ) {
    super(
      'impure-apply',
      `${aggregate} ${what} while it applies '${eventType}'. Applying happens again at each load, and must come to the same each time: ` +
        'do it while deciding, and put what it came to into the event; or in an event handler.',
    )
  }
}

/** A stream holds an event that its aggregate does not declare. */
export class UndeclaredEventError extends WritError<'undeclared-event'> {
  readonly stream: string
  readonly version: number
  readonly position: number | undefined

  constructor(
    readonly aggregate: string,
    readonly eventType: string,
    place: EventPlace,
  ) {
    super(
      'undeclared-event',
      `${aggregate} has no function for the event '${eventType}' (${described(place)}). ` +
        'Declare it (@Apply, or `events` and `evolve`), also where it changes nothing that decisions need.',
    )
    this.stream = place.stream
    this.version = place.version
    this.position = place.position
  }
}

/** A handler changes the state on which it decides: that is for what is applied. Nothing was stored. */
export class StateChangedError extends WritError<'state-changed'> {
  constructor(readonly aggregate: string) {
    super(
      'state-changed',
      `A handler of ${aggregate} changes a Map or Set of the state while it decides. Nothing was stored. Return an event, and change the state ` +
        'where that is applied (@Apply, or `evolve`); or change a copy.',
    )
  }
}
