import { eventClassOf, isEvent, nearestName, thrownMessage, WritError } from '@writ/event-store'

/** The application is put together wrongly in more than one way; nothing was started. */
export class InvalidApplicationError extends WritError<'invalid-application'> {
  constructor(
    readonly application: string,
    readonly problems: readonly Error[],
  ) {
    const listed = problems.map(({ message }, index) => `\n  ${index + 1}. ${message}`).join('')
    super('invalid-application', `The application '${application}' can't start, for ${problems.length} reasons:${listed}`)
  }
}

/** Two parts of one application have one name. */
export class DuplicateNameError extends WritError<'duplicate-name'> {
  constructor(
    readonly what: string,
    readonly duplicated: string,
    readonly culprits: readonly [string, string],
  ) {
    const [one, other] = culprits
    super(
      'duplicate-name',
      `The ${what} '${duplicated}' is there twice: ${one} and ${other}. ${one === other ? 'List it once, in one module' : 'Rename one of them'}.`,
    )
  }
}

/** A command that a module promises to handle, and that nothing handles. */
export class MissingCommandHandlerError extends WritError<'missing-command-handler'> {
  constructor(
    readonly command: string,
    readonly moduleName: string,
  ) {
    super(
      'missing-command-handler',
      `The module '${moduleName}' promises to handle '${command}', and nothing does. Give an aggregate a @Handle method for it, or add its @CommandHandler.`,
    )
  }
}

/** The state or history of an aggregate was asked for that no module lists: its settings, and what its events are, nobody knows here. */
export class UnknownAggregateError extends WritError<'unknown-aggregate'> {
  constructor(
    /** The class's name, or the category. */
    readonly aggregate: string,
    known: readonly string[],
  ) {
    const nearest = nearestName(aggregate, known)
    const other = nearest === undefined ? '' : `; the nearest that is listed is '${nearest}'`
    super(
      'unknown-aggregate',
      known.includes(aggregate)
        ? `No module lists this aggregate '${aggregate}', but another one of that name. Ask for the very class or value that is listed.`
        : `No module lists the aggregate '${aggregate}'${other}. Name it in a module's \`aggregates\`.`,
    )
  }
}

/** A class that was listed can't be made, because of what it wants injected. */
export class UnresolvableClassError extends WritError<'unresolvable-class' | 'circular-injection'> {
  constructor(
    readonly className: string,
    /** Why, and what to do about it; where there is a circle, that says it. */
    why: string,
    /** The classes around the circle, the first one again at the end; empty where there is no circle. */
    readonly cycle: readonly string[],
    cause: unknown,
  ) {
    super(
      cycle.length > 0 ? 'circular-injection' : 'unresolvable-class',
      cycle.length > 0
        ? `${className} can't be made, for injection goes in a circle: ${cycle.join(' → ')}. Let one of them take what it needs as an argument.`
        : `${className} can't be made: ${why}.`,
      { cause },
    )
  }
}

/** Something was asked of an application that is not running. Nothing was done. */
export class ApplicationNotRunningError extends WritError<'application-not-running'> {
  constructor(
    readonly application: string,
    readonly state: string,
    operation: string,
  ) {
    const help = state === 'not started' || state === 'starting' ? ' Wait for its start() first.' : ''
    super(
      'application-not-running',
      `The application '${application}' is ${state} and can't ${operation}. Nothing was done.${help}`,
    )
  }
}

/** What was to be appended is no event, or one that no module lists, so that nobody could read it back. Nothing was written. */
export class UnlistedEventError extends WritError<'unlisted-event'> {
  /** Undefined for what is no event. */
  readonly type: string | undefined

  constructor(given: unknown) {
    const type = isEvent(given) ? eventClassOf(given).type : undefined
    super(
      'unlisted-event',
      type === undefined
        ? `${given === null ? 'null' : typeof given === 'object' ? `An object of class ${given.constructor?.name ?? 'none'}` : `A value of type ${typeof given}`} is no event. Nothing was written; append instances of classes that extend Event(…).`
        : `The event '${type}' is of a class that no module lists. Nothing was written; name its class in a module's \`events\`.`,
    )
    this.type = type
  }
}

/** Other writers were first, each time that the work of a transaction was carried out. Nothing was written. */
export class TransactionConflictError extends WritError<'transaction-conflict'> {
  constructor(
    /** How often it was carried out. */
    readonly attempts: number,
    /** What the last attempt met: such as a WrongExpectedVersionError. */
    cause: unknown,
  ) {
    super(
      'transaction-conflict',
      `A transaction was carried out ${attempts === 1 ? 'once' : `${attempts} times`}, and other writers were first: ` +
        `${thrownMessage(cause)} Nothing was written; run it again, or let it be repeated with \`retries\`.`,
      { cause },
    )
  }
}

/** Two applications of one process were given one and the same store. Nothing was started. */
export class StoreInUseError extends WritError<'store-in-use'> {
  constructor(
    readonly application: string,
    /** The one that runs on it. */
    readonly owner: string,
  ) {
    super(
      'store-in-use',
      `The application '${application}' can't start on the store on which '${owner}' runs: the first of them to stop would stop it for both. ` +
        'Make a store for each; several stores may work on one database, pool or in-memory log.',
    )
  }
}

/** Something that is under way waits until nothing is under way any more. */
export class NeverSettledError extends WritError<'never-settled'> {
  constructor(
    readonly application: string,
    /** Who waits: a handler, the work of a transaction, or an inline projection. */
    readonly within: string,
  ) {
    super(
      'never-settled',
      `The application '${application}' can't settle before ${within} is done, which waits for that: it would wait for ever. ` +
        'Call `settled` outside of handlers; within one, name what is to be waited for: `waitFor(position, { handlers })`.',
    )
  }
}

/** The stop took longer than it may; what was acknowledged is stored all the same. */
export class StopTimedOutError extends WritError<'stop-timed-out'> {
  constructor(
    readonly application: string,
    readonly step: string,
    readonly milliseconds: number,
  ) {
    super(
      'stop-timed-out',
      `The application '${application}' did not stop within ${milliseconds} ms: it was still ${step}. What was acknowledged is stored; what was not may be repeated with the same ids.`,
    )
  }
}

/** A text was given as the token of a position, and is none: it was cut, changed or made up. */
export class InvalidPositionTokenError extends WritError<'invalid-position-token'> {
  constructor(readonly token: string) {
    super(
      'invalid-position-token',
      'What was given as the token of a position is none. Send back the text of `positionToken` as it is, without a change.',
    )
  }
}

/** A token tells a place of a log that is not there any more: the store was restored or replaced since. What stands there now is something else. */
export class StalePositionTokenError extends WritError<'stale-position-token'> {
  constructor(
    readonly position: number,
    /** The log's, when the token was made. */
    readonly incarnation: string,
    /** The log's, as it is. */
    readonly current: string,
  ) {
    super(
      'stale-position-token',
      `The token is of position ${position} in the log's incarnation ${incarnation}, and the log is ${current} now: it was restored or replaced. ` +
        'Drop the token, and read what is there.',
    )
  }
}
