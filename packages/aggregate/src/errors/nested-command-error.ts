import { WritError } from '@writ/event-store'

/** A handler that decides in a transaction of its own has dispatched a command that wants another one, and waited for it. */
export class NestedCommandError extends WritError<'nested-command'> {
  constructor(
    /** The stream that the command was for. */
    readonly stream: string,
    /** That of the command whose handler was at work. */
    readonly outer: string,
  ) {
    super(
      'nested-command',
      `The handler of a command to '${outer}' has dispatched one to '${stream}'. Each wants a transaction of its own, so they could wait for each ` +
        'other for ever. Nothing of it was stored. Let an event handler or a process manager send what follows, or do both in one `transaction` of the application.',
    )
  }
}
