import { WritError } from '@writ/event-store'

/** An aggregate is written down in a way that can't work; seen before anything starts. */
export class InvalidAggregateError extends WritError<'invalid-aggregate'> {
  constructor(
    /** The class's name, or the category. */
    readonly aggregate: string,
    readonly why: string,
  ) {
    super('invalid-aggregate', `The aggregate ${aggregate} can't be used: ${why}.`)
  }
}

/** A decorator was called in the way of the TC39 proposal; Writ's are TypeScript's legacy ones. */
export class DecoratorModeError extends WritError<'wrong-decorator-mode'> {
  constructor(readonly decorator: string) {
    super(
      'wrong-decorator-mode',
      `@${decorator} was compiled as a TC39 decorator, and Writ needs TypeScript's legacy ones. ` +
        'Set "experimentalDecorators": true in tsconfig.json (swc: "legacyDecorator": true), or use the functions that take the same as values.',
    )
  }
}

/** The state of a decorated class holds what can't be copied, and copies are what commands decide on. */
export class UncloneableStateError extends WritError<'uncloneable-state'> {
  constructor(
    readonly aggregate: string,
    /** Such as `lines[2].price`. */
    readonly field: string,
    readonly what: string,
  ) {
    super(
      'uncloneable-state',
      `The state of ${aggregate} can't be copied: ${field} is ${what}. ` +
        'Keep plain data in its fields: text, numbers, lists, plain objects, Map, Set, Date, events or other frozen values.',
    )
  }
}
