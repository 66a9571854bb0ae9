import { WritError } from '@writ/event-store'

/** A process manager is described wrongly; nothing was started. */
export class InvalidProcessManagerError extends WritError<'invalid-process-manager'> {
  constructor(
    /** The class or the function call that described it. */
    readonly source: string,
    readonly why: string,
  ) {
    super('invalid-process-manager', `${source} can't be a process manager: ${why}.`)
  }
}
