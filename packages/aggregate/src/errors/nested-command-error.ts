import { WritError } from '@writ/event-store'

/** Whoever holds a transaction has dispatched a command that wants another one. Nothing was stored for it. */
export class NestedCommandError extends WritError<'nested-command'> {
  constructor(
    /** The stream that the command was for. */
    readonly stream: string,
    /** That of the command whose handler was at work; undefined for the work of `transaction` or `within`, and for an inline projection. */
    readonly outer: string | undefined,
    /** The inline projection that has dispatched it. */
    readonly projection?: string,
  ) {
    super(
      'nested-command',
      projection !== undefined
        ? `The inline projection '${projection}' has dispatched a command to '${stream}'. It is at work within an append, and that command could wait ` +
            'for this very append for ever. Nothing was stored for it. Let an event handler or a process manager send what follows.'
        : outer === undefined
          ? `The work of a transaction has dispatched a command to '${stream}' beside it. That one wants a transaction of its own, so they could wait for ` +
            'each other for ever. Nothing was stored for it. Use the `dispatch` that the work is given.'
          : `The handler of a command to '${outer}' has dispatched one to '${stream}'. Each wants a transaction of its own, so they could wait for each ` +
            'other for ever. Nothing of it was stored. Let an event handler or a process manager send what follows, or do both in one `transaction` of the application.',
    )
  }
}
