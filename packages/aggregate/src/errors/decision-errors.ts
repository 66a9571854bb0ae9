import { type MessageIssue, WritError } from '@writ/event-store'

/** A command handler answered with something that is no decision. Nothing was stored. */
export class InvalidDecisionError extends WritError<'invalid-decision'> {
  constructor(
    /** Such as `Account.deposit`. */
    readonly handler: string,
    readonly why: string,
  ) {
    super(
      'invalid-decision',
      `${handler} answered with ${why}. Nothing was stored. A handler returns events that its aggregate declares, a list of them, decided(events, result), or nothing.`,
    )
  }
}

/** A command handler's result does not fit what the command declares. Nothing was stored. */
export class InvalidResultError extends WritError<'invalid-result'> {
  constructor(
    readonly handler: string,
    readonly commandType: string,
    readonly issues: readonly MessageIssue[],
  ) {
    const listed = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
    super(
      'invalid-result',
      `The result that ${handler} gave does not fit what '${commandType}' declares: ${listed}. Nothing was stored. Return decided(events, result).`,
    )
  }
}
