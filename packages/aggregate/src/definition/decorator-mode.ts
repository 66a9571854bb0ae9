import { DecoratorModeError } from '../errors/invalid-aggregate-error.js'

/**
 * Refuses a decorator that was compiled in the way of the TC39 proposal: there the second argument is a context with a `kind`.
 *
 * @throws DecoratorModeError
 */
export function checkDecoratorMode(decorator: string, second: unknown): void {
  if (typeof second === 'object' && second !== null && 'kind' in second) throw new DecoratorModeError(decorator)
}
