import { nearestName, WritError } from '@writ/event-store'

/** What an event correlates by is no instance's id. Nothing was stored. */
export class InvalidCorrelationError extends WritError<'invalid-correlation'> {
  constructor(
    readonly processManager: string,
    readonly eventType: string,
    readonly position: number,
    why: string,
  ) {
    super(
      'invalid-correlation',
      `'${processManager}' can't tell which instance the event '${eventType}' at position ${position} belongs to: ${why}. ` +
        "An instance's id is 1 to 300 printable characters; an event that is not the manager's own has none.",
    )
  }
}

/** A handler answered with something else than commands. Nothing was stored. */
export class InvalidStepError extends WritError<'invalid-step'> {
  constructor(
    /** Such as `TransferProcess.requested`. */
    readonly handler: string,
    readonly why: string,
  ) {
    super(
      'invalid-step',
      `${handler} answered with ${why}. Nothing was stored. Return a command, a list of commands, or nothing.`,
    )
  }
}

/** A process manager wants to send a command that nobody handles. */
export class UnhandledCommandError extends WritError<'unhandled-command'> {
  constructor(
    readonly processManager: string,
    readonly commandType: string,
    known: Iterable<string>,
  ) {
    const nearest = nearestName(commandType, known)
    super(
      'unhandled-command',
      `'${processManager}' can't send the command '${commandType}', for nothing handles it` +
        `${nearest ? `; the nearest known one is '${nearest}'` : ''}. Give it a @Handle method or a command handler, and register that.`,
    )
  }
}

/** A journal ends with something that this code can't read. */
export class UnreadableJournalError extends WritError<'unreadable-journal'> {
  constructor(
    readonly stream: string,
    readonly version: number,
    why: string,
  ) {
    super('unreadable-journal', `The journal '${stream}' can't be read at version ${version}: ${why}.`)
  }
}
