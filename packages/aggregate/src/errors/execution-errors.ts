import { thrownMessage, WritError } from '@writ/event-store'

/** More commands are waiting than are taken in. Nothing was stored for this one. */
export class AggregateOverloadedError extends WritError<'overloaded'> {
  constructor(
    /** The stream whose commands are too many; undefined when all streams together are. */
    readonly stream: string | undefined,
    readonly waiting: number,
  ) {
    super(
      'overloaded',
      `${waiting} commands are waiting${stream === undefined ? '' : ` for '${stream}'`}, and more are not taken in. Nothing was stored; try again in a moment.`,
    )
  }
}

/** A command was not answered in time. */
export class CommandTimeoutError extends WritError<'command-timeout'> {
  constructor(
    readonly stream: string,
    readonly commandId: string,
    /** Milliseconds. */
    readonly timeout: number,
    /** Whether its events may be stored all the same; false: it was withdrawn, and certainly nothing was. */
    readonly mayBeCommitted: boolean,
  ) {
    super(
      'command-timeout',
      `The command '${commandId}' to '${stream}' was not answered within ${timeout} ms. ` +
        (mayBeCommitted
          ? 'It was on its way to the store and may be stored: repeat it with the same command id, and it takes effect once.'
          : 'It was withdrawn; nothing was stored.'),
    )
  }
}

/** A command is stored, and what its sender wanted to know besides can't be told. No reason to repeat the command. */
export class CommittedNotToldError extends WritError<'committed-not-told'> {
  constructor(
    readonly stream: string,
    readonly commandId: string,
    /** The stream's, after the command. */
    readonly version: number,
    readonly position: number,
    /** What could not be read. */
    readonly wanted: 'state' | 'events',
    cause: unknown,
  ) {
    super(
      'committed-not-told',
      `The command '${commandId}' to '${stream}' is stored, at version ${version} and position ${position}; only its ${wanted} could not be read: ` +
        `${thrownMessage(cause)} The command needs no repetition; read what is there.`,
      { cause },
    )
  }
}

/** Other writers were first again and again. Nothing was stored. */
export class TooManyConflictsError extends WritError<'too-many-conflicts'> {
  constructor(
    readonly stream: string,
    readonly commandId: string,
    readonly conflicts: number,
    cause: unknown,
  ) {
    super(
      'too-many-conflicts',
      `The command '${commandId}' to '${stream}' met ${conflicts} conflicts with other writers. Nothing was stored; try again, or allow more retries.`,
      { cause },
    )
  }
}

/** A command id was given before, to a command of other content. Nothing was stored. */
export class CommandIdReusedError extends WritError<'command-id-reused'> {
  constructor(
    readonly commandId: string,
    /** The stream that the other command went to. */
    readonly stream: string,
  ) {
    super(
      'command-id-reused',
      `The command id '${commandId}' was given before, to another command (for '${stream}'). Nothing was stored; give each command an id of its own.`,
    )
  }
}

/** The application is stopping, or has stopped: no commands are taken in. Nothing was stored. */
export class AggregatesStoppedError extends WritError<'stopped'> {
  constructor() {
    super('stopped', 'No commands are taken in any more: this application is stopping. Nothing was stored.')
  }
}
