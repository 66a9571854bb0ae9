import { WritError } from '@writ/event-store'

/** A handler has dispatched a command that would be decided only when that handler is done. Nothing was stored for it. */
export class CommandDeadlockError extends WritError<'command-deadlock'> {
  constructor(
    readonly commandType: string,
    /** The stream that the command was for. */
    readonly stream: string,
    /** That of the command whose handler was at work: the same one, or one for which the other's handler waits. */
    readonly outer: string,
    /** Where both are decided in one transaction. */
    inTransaction = false,
  ) {
    super(
      'command-deadlock',
      `The handler of a command to '${outer}' has dispatched '${commandType}' to '${stream}', ` +
        (inTransaction
          ? 'in a transaction where one command is decided after the other: they would wait for each other for ever. '
          : stream === outer
            ? 'where one command is decided after the other: they would wait for each other for ever. '
            : 'whose handler waits for it: they would wait for each other for ever. ') +
        'Nothing was stored for it. Decide both in one handler, in steps, or let an event handler or a process manager send what follows.',
    )
  }
}
