import { WritError } from '@writ/event-store'

/** Somebody else was first to add the row of a state-stored aggregate. Nothing was written. */
export class RowTakenError extends WritError<'row-taken'> {
  constructor(readonly stream: string) {
    super(
      'row-taken',
      `The row of '${stream}' was added by somebody else, or is gone, since it was read. Nothing was written; decide again on what is there now.`,
    )
  }
}
