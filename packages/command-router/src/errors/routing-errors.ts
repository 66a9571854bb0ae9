import { nearestName, WritError } from '@writ/event-store'

/** A command has two handlers. */
export class DuplicateRouteError extends WritError<'duplicate-route'> {
  constructor(
    readonly commandType: string,
    readonly handlers: readonly [string, string],
  ) {
    super(
      'duplicate-route',
      `The command '${commandType}' has two handlers, ${handlers[0]} and ${handlers[1]}. A command has exactly one; remove the other.`,
    )
  }
}

/** Two aggregates claim one category, so their streams could not be told apart. */
export class DuplicateCategoryError extends WritError<'duplicate-category'> {
  constructor(
    readonly category: string,
    readonly aggregates: readonly [string, string],
  ) {
    super(
      'duplicate-category',
      `The category '${category}' is claimed by two aggregates, ${aggregates[0]} and ${aggregates[1]}. Rename one of them.`,
    )
  }
}

/** No handler is known for a command. Nothing was stored. */
export class UnknownCommandError extends WritError<'unknown-command'> {
  constructor(
    readonly commandType: string,
    known: readonly string[],
  ) {
    const nearest = nearestName(commandType, known)
    super(
      'unknown-command',
      `No handler is known for the command '${commandType}'${nearest ? `; the nearest known one is '${nearest}'` : ''}. ` +
        'Nothing was stored. Give it a @Handle method or a command handler, and register that.',
    )
  }
}

/** What was dispatched is no instance of a command class. Nothing was stored. */
export class NotACommandError extends WritError<'not-a-command'> {
  constructor(readonly what: string) {
    super(
      'not-a-command',
      `${what} was dispatched, which is no command. Nothing was stored. Dispatch an instance of a class made by Command.`,
    )
  }
}

/** A command does not say which aggregate is meant. Nothing was stored. */
export class MissingIdentityError extends WritError<'missing-identity'> {
  constructor(
    readonly commandType: string,
    /** The command's field, or 'identity function'. */
    readonly source: string,
    readonly why: string,
  ) {
    super(
      'missing-identity',
      `The command '${commandType}' does not say which aggregate is meant: its ${source} ${why}. Nothing was stored.`,
    )
  }
}

/** A command follows from too long a row of events, each the cause of the next: they seem to go in a circle. Nothing was stored. */
export class CausationTooDeepError extends WritError<'causation-too-deep'> {
  constructor(
    readonly commandType: string,
    /** How many events led to it. */
    readonly depth: number,
    readonly limit: number,
  ) {
    super(
      'causation-too-deep',
      `The command '${commandType}' follows from ${depth} events, each the cause of the next, and ${limit} are allowed: handlers seem to answer each other in a circle. ` +
        'Nothing was stored. End the circle, or raise `causationLimit` where so long a row is meant.',
    )
  }
}

/** A command handler class can't be used; seen before anything starts. */
export class InvalidCommandHandlerError extends WritError<'invalid-command-handler'> {
  constructor(
    readonly handler: string,
    readonly why: string,
  ) {
    super('invalid-command-handler', `The command handler ${handler} can't be used: ${why}.`)
  }
}

/** A middleware went on although the command had been handed on already. */
export class RepeatedNextError extends WritError<'repeated-next'> {
  constructor(readonly commandType: string) {
    super(
      'repeated-next',
      `A middleware called next() again for '${commandType}', and the first call has not failed. Call it once; again only to retry after a failure.`,
    )
  }
}

/** A middleware has answered with something that is no answer to a command, or not the one that its sender asks for. */
export class MissingAnswerError extends WritError<'missing-answer'> {
  constructor(
    readonly commandType: string,
    /** Whether the command was handed on before, and may be stored. */
    readonly mayBeCommitted: boolean,
    /** What `returning` asks for, and the answer has not; undefined where there is no answer. */
    readonly lacking?: 'events' | 'state',
  ) {
    super(
      'missing-answer',
      `A middleware around '${commandType}' gave ${lacking === undefined ? 'no answer' : `an answer without the ${lacking} that the sender asks for`}. ` +
        (mayBeCommitted ? 'The command was handed on, and may be stored. ' : 'Nothing was stored. ') +
        'Return what next() answers, or an answer of the same shape.',
    )
  }
}
