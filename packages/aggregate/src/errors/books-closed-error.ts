import { WritError } from '@writ/event-store'

/** A state can't be told, for the events that it would need were closed away (`streams.truncate`). */
export class BooksClosedError extends WritError<'books-closed'> {
  constructor(
    readonly stream: string,
    /** The version from which on the stream is read. */
    readonly firstVersion: number,
    /** The version whose state was asked for; undefined where it is that of now. */
    readonly toVersion: number | undefined,
  ) {
    super(
      'books-closed',
      toVersion !== undefined && toVersion < firstVersion
        ? `What '${stream}' was at version ${toVersion} can't be told: its books were closed before version ${firstVersion}. Ask for that version or a later one.`
        : `The state of '${stream}' can't be loaded: its books were closed before version ${firstVersion}, the event there is no summary, and no snapshot ` +
            'stands for what came before. Append an event that carries the whole state, of a class with `summary: true`, and close the books before that one.',
    )
  }
}
