import { WritError } from './writ-error.js'

/** One reason why a message's data does not fit its schema; it names the place and never repeats the value. */
export interface MessageIssue {
  /** Such as `lines[2].price`; empty for the message itself. */
  readonly path: string
  readonly message: string
}

/** An event or a command was made from data that its schema refuses. Nothing was written. */
export class InvalidMessageError extends WritError<'invalid-event' | 'invalid-command'> {
  constructor(
    readonly kind: 'event' | 'command',
    /** The message's type name, such as `money-deposited`. */
    readonly type: string,
    readonly issues: readonly MessageIssue[],
    options?: ErrorOptions,
  ) {
    const listed = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
    super(
      `invalid-${kind}`,
      `The ${kind} '${type}' does not fit its schema: ${listed}. Correct the data, or the schema.`,
      options,
    )
  }
}

/** A class or schema of a message is itself wrong; seen when the class is defined. */
export class InvalidMessageDefinitionError extends WritError<'invalid-message-definition'> {
  constructor(
    readonly type: string,
    why: string,
  ) {
    super('invalid-message-definition', `The message '${type}' can't be defined: ${why}.`)
  }
}
