import { WritError } from '@writ/event-store'

/** An event handler or a projection is described wrongly; nothing was started. */
export class InvalidSubscriptionError extends WritError<'invalid-subscription'> {
  constructor(
    /** The class or the function call that described it. */
    readonly source: string,
    readonly why: string,
  ) {
    super('invalid-subscription', `${source} can't be a subscription: ${why}.`)
  }
}

/** Two handlers of one subscription claim one event. */
export class DuplicateHandlerError extends WritError<'duplicate-handler'> {
  constructor(
    readonly source: string,
    readonly event: string,
    /** The methods' names, or the handlers' places in the list. */
    readonly handlers: readonly [string, string],
  ) {
    super(
      'duplicate-handler',
      `${source} handles '${event}' twice, in ${handlers[0]} and in ${handlers[1]}. Keep one; it can call the other.`,
    )
  }
}

export type HandlerDecorator = '@EventHandler' | '@Projection' | '@InlineProjection' | '@LiveProjection'

/** A class is not decorated as what it is used for. */
export class NotDecoratedError extends WritError<'not-decorated'> {
  constructor(
    readonly className: string,
    readonly decorator: HandlerDecorator,
    /** The class above it that is decorated, if there is one. */
    readonly decoratedParent: string | undefined,
  ) {
    super(
      'not-decorated',
      `The class ${className} has no ${decorator} decorator` +
        `${decoratedParent ? `; the one of ${decoratedParent} is not inherited, for two subscriptions can't share a name` : ''}. ` +
        `Write ${decorator}({ name: … }) above it.`,
    )
  }
}

/** The compiler applied decorators in another mode than the one that Writ's are written for. */
export class WrongDecoratorModeError extends WritError<'wrong-decorator-mode'> {
  constructor(readonly decorator: string) {
    super(
      'wrong-decorator-mode',
      `${decorator} was applied as a standard decorator. Set "experimentalDecorators": true in tsconfig.json ` +
        '(with swc: "legacyDecorator": true; with esbuild and tsx, they follow tsconfig.json).',
    )
  }
}

/** Two subscriptions have one name, and so would share one checkpoint. */
export class DuplicateSubscriptionError extends WritError<'duplicate-subscription'> {
  constructor(
    readonly subscription: string,
    readonly sources: readonly [string, string],
  ) {
    super(
      'duplicate-subscription',
      `The subscription '${subscription}' is there twice: ${sources[0]} and ${sources[1]}. Rename one of them.`,
    )
  }
}
