import { WritError } from '@writ/event-store'

/** An option is unknown or has a value that makes no sense. */
export class InvalidOptionError extends WritError<'invalid-option'> {
  constructor(
    /** What takes the option, such as `Aggregates`. */
    readonly subject: string,
    readonly option: string,
    readonly why: string,
  ) {
    super('invalid-option', `The option '${option}' of ${subject} ${why}.`)
  }
}
